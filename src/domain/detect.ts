import type { RegistryHosts } from './registries.ts';

/** How a repository is tested, told from its own files. Pure: the caller reads them. */

/** The files whose text `detectCommands` looks into, where they exist at the top level. */
export const READ_FOR_DETECTION: readonly string[] = [
  'package.json',
  'pnpm-lock.yaml',
  'pyproject.toml',
  'setup.cfg',
  'tox.ini',
  'Makefile',
  'makefile',
  'GNUmakefile',
];

export type Ecosystem = 'node' | 'python' | 'go' | 'rust' | 'ruby' | 'make';

export type Detected = {
  /** null: nothing was found that would test the repository */
  test: string | null;
  /** null: nothing to set up */
  setup: string | null;
  ecosystem: Ecosystem | null;
  /** Hosts the set-up needs. Where the server uses other registries, theirs in place of the public ones. */
  domains: string[];
};

export type Listing = {
  /** Names at the top level; folders end in `/`. */
  names: readonly string[];
  /** The text of those in READ_FOR_DETECTION that exist. */
  texts: Readonly<Record<string, string>>;
};

export type DetectOptions = {
  /** Let packages run their install scripts. Off: a package's own code first runs in the tests, without network. */
  installScripts?: boolean;
  /** Hosts of the registries the server uses; the public ones where absent. */
  registryHosts?: RegistryHosts | undefined;
};

const NONE: Detected = { test: null, setup: null, ecosystem: null, domains: [] };

/** The first ecosystem that has a test command wins; a Makefile's `test:` only where there is no other. */
export function detectCommands(listing: Listing, options: DetectOptions = {}): Detected {
  for (const detect of [detectNode, detectPython, detectGo, detectRust, detectRuby, detectMake]) {
    const found = detect(listing, options);
    if (found) return found;
  }
  return NONE;
}

type Manager = { lock: string; test: string; setup: string; noScripts: string; domains: string[] };

/** yarn 2 and later know no --ignore-scripts; the variable does the same there. pnpm would put its store into the checkout. */
const MANAGERS: readonly Manager[] = [
  {
    lock: 'pnpm-lock.yaml',
    test: 'pnpm test',
    setup: 'pnpm install --frozen-lockfile --store-dir "$HOME/.pnpm-store"',
    noScripts: ' --ignore-scripts',
    domains: [],
  },
  {
    lock: 'yarn.lock',
    test: 'yarn test',
    setup: 'yarn install --frozen-lockfile',
    noScripts: ' --ignore-scripts',
    domains: ['registry.yarnpkg.com'],
  },
  {
    lock: 'package-lock.json',
    test: 'npm test',
    setup: 'npm ci --no-audit --no-fund',
    noScripts: ' --ignore-scripts',
    domains: [],
  },
  {
    lock: 'npm-shrinkwrap.json',
    test: 'npm test',
    setup: 'npm ci --no-audit --no-fund',
    noScripts: ' --ignore-scripts',
    domains: [],
  },
];

/** Libraries often keep no lock file, so that they are tested with what their users get. */
const UNLOCKED: Omit<Manager, 'lock'> = {
  test: 'npm test',
  setup: 'npm install --no-package-lock --no-audit --no-fund',
  noScripts: ' --ignore-scripts',
  domains: [],
};

function detectNode(
  { names, texts }: Listing,
  { installScripts = false, registryHosts: { npm: npmHosts = ['registry.npmjs.org'] } = {} }: DetectOptions,
): Detected | null {
  const manifest = parseObject(texts['package.json']);
  if (!manifest) return null;
  const script = asObject(manifest['scripts'])?.['test'];
  // `npm init` writes this one; it always fails and tests nothing.
  if (typeof script !== 'string' || script.trim() === '' || /no test specified/i.test(script)) return null;
  const manager = MANAGERS.find(({ lock }) => names.includes(lock));
  const needed =
    ['dependencies', 'devDependencies', 'optionalDependencies'].some(
      (kind) => Object.keys(asObject(manifest[kind]) ?? {}).length > 0,
    ) || manifest['workspaces'] !== undefined;
  const { test, setup, noScripts, domains } = manager ?? UNLOCKED;
  const isBerry = manager?.lock === 'yarn.lock' && usesBerry({ names, texts });
  const install = isBerry ? berry(installScripts) : setup + (installScripts ? '' : noScripts);
  return {
    test,
    setup: needed ? [ensure(manager?.lock, { isBerry, manifest, texts }), install].filter(Boolean).join('; ') : null,
    ecosystem: 'node',
    domains: needed ? [...new Set([...npmHosts, ...domains])] : [],
  };
}

/** Whether its yarn is 2 or later, which is another program: it ends with an error where it is told what it does not know. */
export function usesBerry({ names, texts }: Listing): boolean {
  const named = parseObject(texts['package.json'])?.['packageManager'];
  return names.includes('.yarnrc.yml') || /^yarn@(?!0\.|1\.)/.test(String(named));
}

function berry(installScripts: boolean): string {
  return `${installScripts ? '' : 'YARN_ENABLE_SCRIPTS=false '}yarn install --immutable`;
}

/** Servers have npm, and rarely the others: they come from the registry as everything else does, in the version the repository names. */
function ensure(
  lock: string | undefined,
  { isBerry, manifest, texts }: { isBerry: boolean; manifest: Record<string, unknown>; texts: Listing['texts'] },
): string | null {
  if (lock !== 'pnpm-lock.yaml' && lock !== 'yarn.lock') return null;
  const program = lock === 'yarn.lock' ? 'yarn' : 'pnpm';
  const [, wanted, named] = /^(pnpm|yarn)@(\d+\.\d+\.\d+)(?=$|\+)/.exec(String(manifest['packageManager'])) ?? [];
  const version = wanted === program ? named : undefined;
  const source = {
    pnpm: `pnpm@${version ?? pnpmFor(texts['pnpm-lock.yaml'])}`,
    yarn: isBerry ? `@yarnpkg/cli-dist@${version ?? 4}` : `yarn@${version ?? 1}`,
  }[program];
  return `command -v ${program} >/dev/null || npm install --global --prefix "$HOME/.local" ${source}`;
}

/** The newest pnpm that reads this lock file. */
function pnpmFor(lock = ''): number {
  const version = Number(/^lockfileVersion: '?(\d+)/m.exec(lock)?.[1] ?? 9);
  return version < 6 ? 7 : version < 9 ? 8 : 10;
}

/** The environment is made under HOME, which set-up and tests share: the checkout stays as it was. */
const VENV = '"$HOME/venv"';
const PIP = `${VENV}/bin/pip install --disable-pip-version-check --no-input`;

function detectPython(
  { names, texts }: Listing,
  { registryHosts: { python: indexes = ['pypi.org'] } = {} }: DetectOptions,
): Detected | null {
  const pyproject = texts['pyproject.toml'] ?? '';
  const setUpFiles = names.some((name) =>
    ['setup.py', 'setup.cfg', 'pyproject.toml', 'requirements.txt'].includes(name),
  );
  const pytest =
    names.includes('pytest.ini') ||
    names.includes('conftest.py') ||
    /^\[tool\.pytest\b/m.test(pyproject) ||
    /^\[(tool:)?pytest\]/m.test(`${texts['setup.cfg'] ?? ''}\n${texts['tox.ini'] ?? ''}`) ||
    (setUpFiles && (names.includes('tests/') || names.includes('test/')));
  if (!pytest) return null;
  const requirements = [
    'requirements.txt',
    'requirements-dev.txt',
    'requirements-test.txt',
    'requirements_dev.txt',
    'dev-requirements.txt',
  ].filter((name) => names.includes(name));
  const installable = /^\[(project|build-system|tool\.poetry)\]/m.test(pyproject) || names.includes('setup.py');
  const group = forTests(pyproject, 'dependency-groups');
  const extra =
    forTests(pyproject, 'project.optional-dependencies') ??
    forTests(texts['setup.cfg'] ?? '', 'options.extras_require');
  const parts = [
    ...requirements.map((name) => `-r ${name}`),
    ...(group ? [`--group ${group}`] : []),
    ...(installable ? [extra ? `-e '.[${extra}]'` : '-e .'] : []),
  ];
  // `--group` is new in pip 25.1; what a Python brings may be older.
  const renew = group ? ` --upgrade pip && ${PIP}` : '';
  const setup = parts.length > 0 ? `python3 -m venv ${VENV} && ${PIP}${renew} pytest ${parts.join(' ')}` : null;
  return {
    test: setup ? `${VENV}/bin/python -m pytest` : 'python3 -m pytest',
    setup,
    ecosystem: 'python',
    domains: setup ? [...indexes, 'files.pythonhosted.org'] : [],
  };
}

/** What a section of TOML or INI lists for tests, by the names that are usual for it; else what it lists for developers. */
function forTests(text: string, section: string): string | undefined {
  const at = text.split(/^(?=\[)/m).find((part) => part.startsWith(`[${section}]`)) ?? '';
  const keys = [...at.matchAll(/^"?([\w-]+)"?[ \t]*=/gm)].map(([, key]) => key);
  return ['test', 'tests', 'testing', 'dev'].find((name) => keys.includes(name));
}

function detectGo(
  { names }: Listing,
  { registryHosts: { go: proxies = ['proxy.golang.org', 'storage.googleapis.com'] } = {} }: DetectOptions,
): Detected | null {
  if (!names.includes('go.mod')) return null;
  // Without a go.sum there is nothing to download.
  const setup = names.includes('go.sum') && !names.includes('vendor/') ? 'go mod download' : null;
  return {
    test: 'go test ./...',
    setup,
    ecosystem: 'go',
    domains: setup ? [...proxies, 'sum.golang.org'] : [],
  };
}

function detectRust({ names }: Listing): Detected | null {
  if (!names.includes('Cargo.toml')) return null;
  const locked = names.includes('Cargo.lock') ? ' --locked' : '';
  return {
    test: 'cargo test --offline',
    setup: `cargo fetch${locked}`,
    ecosystem: 'rust',
    domains: ['index.crates.io', 'static.crates.io', 'crates.io'],
  };
}

/** Gems go under HOME, as the environment of Python does. */
const GEMS = 'BUNDLE_PATH="$HOME/gems"';

function detectRuby({ names }: Listing): Detected | null {
  if (!names.includes('Gemfile')) return null;
  const program = names.includes('spec/') ? 'rspec' : names.includes('Rakefile') ? 'rake' : null;
  if (program === null) return null;
  return {
    test: `${GEMS} bundle exec ${program}`,
    setup: `${GEMS} bundle install`,
    ecosystem: 'ruby',
    domains: ['rubygems.org', 'index.rubygems.org'],
  };
}

function detectMake({ texts }: Listing): Detected | null {
  const makefile = ['GNUmakefile', 'makefile', 'Makefile']
    .map((name) => texts[name])
    .find((text) => text !== undefined);
  // A target line, not an assignment (`test := x`).
  if (makefile === undefined || !/^(?:[\w.-]+[ \t]+)*test(?:[ \t]+[\w.-]+)*[ \t]*::?(?![=:])/m.test(makefile))
    return null;
  return { test: 'make test', setup: null, ecosystem: 'make', domains: [] };
}

function parseObject(text: string | undefined): Record<string, unknown> | null {
  if (text === undefined) return null;
  try {
    return asObject(JSON.parse(text.replace(/^\ufeff/, '')));
  } catch {
    return null;
  }
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}
