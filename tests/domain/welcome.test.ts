import { expect, it } from 'vitest';
import { detectCommands, type Detected } from '../../src/domain/detect.ts';
import { parseRepoConfig } from '../../src/domain/parse-repo-config.ts';
import { runConfigOf } from '../../src/domain/run-config.ts';
import { proposedConfig, welcomeText } from '../../src/domain/welcome.ts';

const python = detectCommands({
  names: ['pyproject.toml', 'tests/'],
  texts: { 'pyproject.toml': '[project]\nname = "x"\n[tool.pytest.ini_options]\n' },
});
const nothing: Detected = { test: null, setup: null, ecosystem: null, domains: [] };

it('proposes a configuration that NOFX takes, and that says the same as none', () => {
  for (const detected of [python, nothing]) {
    const parsed = parseRepoConfig(proposedConfig(detected));
    expect(parsed).toMatchObject({ ok: true });
    const { gates, setup } = runConfigOf(parsed.ok ? parsed.value : {});
    expect(gates?.[0]?.command ?? null).toBe(detected.test);
    expect(setup.command).toBe(detected.setup);
  }
});

it('reads as one would want to receive it', () => {
  expect(welcomeText('pull_request', nothing, 'nofx')).toMatchInlineSnapshot(`
    "<!-- nofx:welcome -->

    NOFX was installed on this repository. Comment \`/nofx <what you want>\` on an issue, or put the label \`nofx\` on one, and you get a tested pull request. Nothing happens before somebody with the write role asks.

    **What it found**

    - Language: none that NOFX knows how to test
    - Tests: no command was found, so nothing will be run on a change until one is named
    - Set-up before the tests: none

    This writes it down in \`.github/nofx.yml\`, so that you can change it. Without the file NOFX goes on as above: close this pull request if that is fine."
  `);
  expect(welcomeText('issue', python, 'bot please')).toMatchInlineSnapshot(`
    "<!-- nofx:welcome -->

    NOFX was installed on this repository. Comment \`/nofx <what you want>\` on an issue, or put the label \`bot please\` on one, and you get a tested pull request. Nothing happens before somebody with the write role asks.

    **What it found**

    - Language: Python with pytest
    - Tests: \`"$HOME/venv"/bin/python -m pytest\`
    - Set-up before the tests: \`python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --disable-pip-version-check --no-input pytest -e .\`

    If that is not right, say so in \`.github/nofx.yml\` on the default branch:

    \`\`\`yaml
    # How NOFX works in this repository.
    gates:
      test: '"$HOME/venv"/bin/python -m pytest'
    setup: python3 -m venv "$HOME/venv" && "$HOME/venv"/bin/pip install --disable-pip-version-check --no-input pytest -e .
    \`\`\`

    There is nothing else to do: close this issue when you have read it."
  `);
});
