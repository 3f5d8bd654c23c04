import { describe, expect, it } from 'vitest';
import { detectCommands } from '../../src/domain/detect.ts';

const manifest = (value: object) => ({ 'package.json': JSON.stringify(value) });
const dependency = { dependencies: { a: '1' } };

describe('detectCommands', () => {
  it.each([
    ['package-lock.json', 'npm test', 'npm ci --no-audit --no-fund --ignore-scripts'],
    [
      'pnpm-lock.yaml',
      'pnpm test',
      'command -v pnpm >/dev/null || npm install --global --prefix "$HOME/.local" pnpm@10; pnpm install --frozen-lockfile --store-dir "$HOME/.pnpm-store" --ignore-scripts',
    ],
    [
      'yarn.lock',
      'yarn test',
      'command -v yarn >/dev/null || npm install --global --prefix "$HOME/.local" yarn@1; yarn install --frozen-lockfile --ignore-scripts',
    ],
  ])('node with %s', (lock, test, setup) => {
    const found = detectCommands({
      names: ['package.json', lock],
      texts: manifest({ scripts: { test: 'vitest' }, ...dependency }),
    });
    expect(found).toMatchObject({ test, setup, ecosystem: 'node' });
    expect(found.domains).toContain('registry.npmjs.org');
  });

  it('node: scripts when allowed, the registry the server uses, yarn berry', () => {
    const texts = manifest({ scripts: { test: 'x' }, ...dependency });
    expect(
      detectCommands(
        { names: ['package.json', 'package-lock.json'], texts },
        { installScripts: true, registryHosts: { npm: ['npm.example.com'] } },
      ),
    ).toMatchObject({
      setup: 'npm ci --no-audit --no-fund',
      domains: ['npm.example.com'],
    });
    expect(detectCommands({ names: ['package.json', 'yarn.lock', '.yarnrc.yml'], texts }).setup).toBe(
      'command -v yarn >/dev/null || npm install --global --prefix "$HOME/.local" @yarnpkg/cli-dist@4; YARN_ENABLE_SCRIPTS=false yarn install --immutable',
    );
  });

  it.each([
    [{ packageManager: 'pnpm@9.15.4+sha512.ab' }, "lockfileVersion: '9.0'\n", 'pnpm@9.15.4;'],
    [{ packageManager: 'yarn@4.1.0' }, "lockfileVersion: '6.1'\n", 'pnpm@8;'],
    [{ packageManager: 'pnpm@9; rm -rf' }, 'lockfileVersion: 5.4\n', 'pnpm@7;'],
  ])('node: the package manager in the version that %j or the lock file names', (named, lock, version) => {
    const texts = { ...manifest({ scripts: { test: 'x' }, ...dependency, ...named }), 'pnpm-lock.yaml': lock };
    expect(detectCommands({ names: ['package.json', 'pnpm-lock.yaml'], texts }).setup).toContain(` ${version} pnpm`);
  });

  it('node: what is installed without a lock file leaves none behind', () => {
    const scripts = { test: 'node --test' };
    expect(detectCommands({ names: ['package.json'], texts: manifest({ scripts, ...dependency }) })).toMatchObject({
      test: 'npm test',
      setup: 'npm install --no-package-lock --no-audit --no-fund --ignore-scripts',
      domains: ['registry.npmjs.org'],
    });
  });

  it('node: nothing to set up without dependencies', () => {
    const scripts = { test: 'node --test' };
    for (const names of [['package.json'], ['package.json', 'package-lock.json']]) {
      expect(detectCommands({ names, texts: manifest({ scripts }) })).toMatchObject({ test: 'npm test', setup: null });
    }
  });

  it.each([
    ["npm's default", manifest({ scripts: { test: 'echo "Error: no test specified" && exit 1' } })],
    ['no script', manifest({ name: 'x' })],
    ['a broken manifest', { 'package.json': '{' }],
    ['a manifest that is a list', { 'package.json': '[]' }],
  ])('node: %s is no test', (_name, texts) => {
    expect(detectCommands({ names: ['package.json'], texts })).toEqual({
      test: null,
      setup: null,
      ecosystem: null,
      domains: [],
    });
  });

  it.each([
    [['pytest.ini'], {}],
    [['pyproject.toml'], { 'pyproject.toml': '[tool.pytest.ini_options]\n' }],
    [['setup.cfg'], { 'setup.cfg': '[tool:pytest]\n' }],
    [['setup.py', 'tests/'], {}],
  ])('python: %j', (names, texts) => {
    expect(detectCommands({ names, texts })).toMatchObject({
      ecosystem: 'python',
      test: expect.stringContaining('-m pytest') as string,
    });
  });

  it('python: installs what is asked for, under HOME', () => {
    const found = detectCommands({
      names: ['pyproject.toml', 'requirements.txt', 'tests/'],
      texts: { 'pyproject.toml': '[project]\nname = "x"\n' },
    });
    expect(found.setup).toMatch(/venv "\$HOME\/venv" && .* pytest -r requirements\.txt -e \.$/);
    expect(found.test).toBe('"$HOME/venv"/bin/python -m pytest');
    expect(found.domains).toEqual(['pypi.org', 'files.pythonhosted.org']);
  });

  it.each([
    [
      '[dependency-groups]\ndev = ["tox"]\ntests = [\n  "pytest",\n]\n',
      / --upgrade pip && \S+ install .* pytest --group tests -e \.$/,
    ],
    [
      '[project.optional-dependencies]\ndocs = []\ntest = ["hypothesis"]\n[tool.x]\ntesting = 1\n',
      / pytest -e '\.\[test\]'$/,
    ],
    ['[tool.x]\ntest = 1\n', / pytest -e \.$/],
  ])('python: with what %j lists for tests', (listed, setup) => {
    const texts = { 'pyproject.toml': `[project]\nname = "x"\n${listed}` };
    expect(detectCommands({ names: ['pyproject.toml', 'tests/'], texts }).setup).toMatch(setup);
  });

  it.each([
    [['Gemfile', 'Rakefile', 'test/'], 'BUNDLE_PATH="$HOME/gems" bundle exec rake'],
    [['Gemfile', 'Rakefile', 'spec/'], 'BUNDLE_PATH="$HOME/gems" bundle exec rspec'],
    [['Gemfile'], null],
  ])('ruby: %j', (names, test) => {
    expect(detectCommands({ names, texts: {} }).test).toBe(test);
  });

  it('go, rust and make', () => {
    expect(detectCommands({ names: ['go.mod', 'go.sum'], texts: {} })).toMatchObject({
      test: 'go test ./...',
      setup: 'go mod download',
    });
    expect(detectCommands({ names: ['go.mod'], texts: {} })).toMatchObject({
      test: 'go test ./...',
      setup: null,
      domains: [],
    });
    expect(detectCommands({ names: ['Cargo.toml', 'Cargo.lock'], texts: {} })).toMatchObject({
      test: 'cargo test --offline',
      setup: 'cargo fetch --locked',
    });
    expect(
      detectCommands({ names: ['Makefile'], texts: { Makefile: 'all:\n\tcc x\n\ntest: all\n\t./x\n' } }),
    ).toMatchObject({ test: 'make test' });
    expect(detectCommands({ names: ['Makefile'], texts: { Makefile: 'lint test check:\n\t./x\n' } })).toMatchObject({
      test: 'make test',
    });
    expect(detectCommands({ names: ['Makefile'], texts: { Makefile: 'test := 1\nlatest:\n' } }).test).toBeNull();
  });

  it('a Makefile only counts where nothing else does', () => {
    const texts = { ...manifest({ name: 'docs' }), Makefile: 'test:\n\ttrue\n' };
    expect(detectCommands({ names: ['package.json', 'Makefile'], texts }).test).toBe('make test');
  });
});
