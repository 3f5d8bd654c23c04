import { stringify } from 'yaml';
import type { Detected, Ecosystem } from './detect.ts';
import { code, fence } from './markdown.ts';
import { REPO_CONFIG_PATH } from './repo-config.ts';

/** What an app that was just installed may say about itself. */
export type WelcomeKind = 'issue' | 'pull_request';

/** First line of the issue: by it the issue is found again. */
export const WELCOME_MARKER = '<!-- nofx:welcome -->';

/** The branch of the pull request that proposes a configuration. */
export const WELCOME_BRANCH = 'nofx/configure';

export const WELCOME_TITLES: Record<WelcomeKind, string> = {
  issue: 'NOFX can work here now',
  pull_request: 'Configure NOFX',
};

const LANGUAGES: Record<Ecosystem, string> = {
  node: 'JavaScript or TypeScript, by `package.json`',
  python: 'Python with pytest',
  go: 'Go, by `go.mod`',
  rust: 'Rust, by `Cargo.toml`',
  ruby: 'Ruby, by `Gemfile`',
  make: 'whatever the `Makefile` builds',
};

/** What NOFX says where it was installed: how it is asked, and what it found. `label` is the one that starts a run. */
export function welcomeText(kind: WelcomeKind, detected: Detected, label: string): string {
  const found = [
    `- Language: ${detected.ecosystem === null ? 'none that NOFX knows how to test' : LANGUAGES[detected.ecosystem]}`,
    detected.test === null
      ? '- Tests: no command was found, so nothing will be run on a change until one is named'
      : `- Tests: ${code(detected.test)}`,
    `- Set-up before the tests: ${detected.setup === null ? 'none' : code(detected.setup)}`,
  ];
  const closing =
    kind === 'issue'
      ? `If that is not right, say so in \`${REPO_CONFIG_PATH}\` on the default branch:\n\n${fence(proposedConfig(detected), 4_000, 'yaml')}\n\nThere is nothing else to do: close this issue when you have read it.`
      : `This writes it down in \`${REPO_CONFIG_PATH}\`, so that you can change it. Without the file NOFX goes on as above: close this pull request if that is fine.`;
  return [
    WELCOME_MARKER,
    `NOFX was installed on this repository. Comment \`/nofx <what you want>\` on an issue, or put the label ${code(label)} on one, and you get a tested pull request. Nothing happens before somebody with the write role asks.`,
    `**What it found**\n\n${found.join('\n')}`,
    closing,
  ].join('\n\n');
}

/** A `.github/nofx.yml` that says what NOFX would do without one. */
export function proposedConfig({ test, setup }: Detected): string {
  const head = '# How NOFX works in this repository.\n';
  if (test === null) return `${head}# gates:\n#   test: the command that a change must pass\n`;
  return head + stringify({ gates: { test }, ...(setup === null ? {} : { setup }) }, { lineWidth: 0 });
}
