import { defineConfig, type OxlintOverride } from 'oxlint';

/**
 * The walls between the rooms of src/ (docs/architecture.md), as one table. A later override replaces the earlier one
 * for the same file, so each entry carries its whole list. tests/walls.test.ts plants a violation of every wall.
 */

/** Packages with one gateway: nobody outside the room may import them. */
const gateways: Record<string, string[]> = {
  'src/workspace/git*.ts': ['simple-git', 'simple-git/**'],
  'src/workspace': ['execa', 'child_process', 'node:child_process', '@anthropic-ai/sandbox-runtime'],
  'src/agent': ['@anthropic-ai/sdk', '@anthropic-ai/sdk/**'],
  'src/artifacts': ['@supabase/supabase-js', '@supabase/**'],
  'src/knowledge': ['chromadb', 'chromadb/**'],
  'src/queue': ['pg-boss', 'pg-boss/**'],
  'src/db': ['@electric-sql/pglite', '@electric-sql/**'],
  'src/outbound': ['undici', 'undici/**', 'standardwebhooks', 'ipaddr.js'],
  'src/api': ['jose', '@hono/zod-openapi'],
  'src/telemetry': ['prom-client', '@opentelemetry/**'],
};

/** An event without its messages' jobs would leave them lying: only this file may append one. */
const publisher = 'src/outbox/publish.ts';

type Wall = {
  files: string;
  /** Rooms (or files at the top of src/) that may be imported; `port.ts` of any room is open to types as well. */
  rooms: string[];
  /** Gateways, or the publisher, that these files are or may use. */
  through?: string[];
};

const inside: Wall[] = [
  { files: 'src/db/**', rooms: ['domain', 'errors.ts'], through: ['src/db'] },
  { files: 'src/queue/**', rooms: ['domain', 'errors.ts', 'db'], through: ['src/queue'] },
  { files: 'src/github/**', rooms: ['domain', 'errors.ts'] },
  { files: 'src/workspace/**', rooms: ['domain', 'errors.ts'], through: ['src/workspace'] },
  {
    files: 'src/workspace/git*.ts',
    rooms: ['domain', 'errors.ts'],
    through: ['src/workspace', 'src/workspace/git*.ts'],
  },
  { files: 'src/artifacts/**', rooms: ['domain', 'errors.ts'], through: ['src/artifacts'] },
  { files: 'src/agent/**', rooms: ['domain', 'errors.ts'], through: ['src/agent'] },
  { files: 'src/knowledge/**', rooms: ['domain', 'errors.ts'], through: ['src/knowledge'] },
  { files: 'src/telemetry/**', rooms: ['domain', 'errors.ts'], through: ['src/telemetry'] },
  { files: 'src/handlers/**', rooms: ['domain', 'errors.ts'] },
  { files: 'src/outbound/**', rooms: ['domain', 'errors.ts'], through: ['src/outbound'] },
  { files: 'src/outbox/**', rooms: ['db', 'queue', 'domain', 'errors.ts'] },
  { files: publisher, rooms: ['db', 'queue', 'domain', 'errors.ts'], through: [publisher] },
  { files: 'src/runs/**', rooms: ['outbox', 'db', 'queue', 'domain', 'handlers', 'errors.ts'] },
  { files: 'src/upkeep/**', rooms: ['runs', 'outbox', 'db', 'queue', 'handlers', 'domain', 'errors.ts'] },
  { files: 'src/conversation/**', rooms: ['runs', 'db', 'queue', 'handlers', 'domain', 'errors.ts'] },
  {
    files: 'src/api/**',
    rooms: ['runs', 'outbox', 'db', 'queue', 'handlers', 'domain', 'errors.ts'],
    through: ['src/api'],
  },
  { files: 'src/first-run/**', rooms: ['pages', 'domain', 'errors.ts'] },
  { files: 'src/pages/**', rooms: ['api', 'runs', 'outbox', 'db', 'queue', 'handlers', 'domain', 'errors.ts'] },
  { files: 'src/http/**', rooms: ['runs', 'outbox', 'db', 'queue', 'domain', 'errors.ts'] },
];

/** Types that every room may know: its neighbours' ports and the logger that it is handed. */
const openToTypes = {
  regex: String.raw`^\.\.?/([a-z]+/port|log)\.ts$`,
  allowTypeImports: true,
  message: 'A port is a contract of types: `import type`. Values are handed in by main.ts.',
};

const environment = ['process', 'node:process'].map((name) => ({
  name,
  importNames: ['env', 'default'],
  message: 'Only src/config.ts reads the environment; use the global `process` for the rest.',
}));

const appending = ['./db/events.ts', '../db/events.ts'].map((name) => ({
  name,
  importNames: ['appendEvents'],
  message: `Only ${publisher} may append events; call its \`publish\`.`,
}));

/** What a file may not import: other rooms (`rooms`, gitignore patterns, later ones re-allow) and others' gateways. */
function walls(rooms: string[], through: Wall['through'] = []): NonNullable<OxlintOverride['rules']> {
  const closed = Object.entries(gateways).filter(([owner]) => !through.includes(owner));
  return {
    'no-restricted-imports': [
      'error',
      {
        paths: [...environment, ...(through.includes(publisher) ? [] : appending)],
        patterns: [
          ...(rooms.length > 0 ? [openToTypes] : []),
          { group: rooms, message: 'This room may not import that: see oxlint.config.ts and docs/architecture.md.' },
          ...closed.map(([owner, group]) => ({ group, message: `Only ${owner} may import this.` })),
        ],
      },
    ],
  };
}

/** The list for a room: everything outside is closed but the rooms it stands on. */
function outsideBut(prefix: '.' | '..', rooms: string[]): string[] {
  const open = rooms.map((room) => `!${prefix}/${room.endsWith('.ts') ? room : `${room}/**`}`);
  return [`${prefix}/**`, ...open, `!${prefix}/*/port.ts`, `!${prefix}/log.ts`];
}

/** What the domain may use: what computes without touching the world. */
const closedWorld = ['**', '!zod', '!fastest-levenshtein', '!yaml', '!node:crypto'];

const everyGateway = Object.keys(gateways);

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'node', 'import', 'promise', 'vitest'],
  categories: { correctness: 'error' },
  ignorePatterns: ['node_modules/**', 'tests/fixtures/**', 'src/playground/sample/**', 'migrations/**'],
  rules: {
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'max-lines': ['warn', { max: 300 }],
    'no-console': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'import/no-cycle': 'error',
    'node/no-process-env': 'error',
    'no-restricted-properties': [
      'error',
      { object: 'process', property: 'env', message: 'Only src/config.ts reads the environment.' },
    ],
    'typescript/await-thenable': 'error',
    'typescript/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    // Off, because the house does these on purpose: ports are records of functions, redaction and naming look for
    // control and combining characters, properties assert inside fast-check.
    'no-control-regex': 'off',
    'no-misleading-character-class': 'off',
    'typescript/no-misused-spread': 'off',
    'typescript/unbound-method': 'off',
    'vitest/expect-expect': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/valid-title': 'off',
    // vitest's second argument is the message.
    'vitest/valid-expect': ['error', { maxArgs: 2 }],
  },
  overrides: [
    { files: ['src/*.ts'], rules: walls(['./**', '!./errors.ts', '!./domain/**', '!./log.ts', '!./config-*.ts']) },
    { files: ['src/app.ts'], rules: walls(outsideBut('.', ['conversation', 'github', 'runs', 'domain', 'errors.ts'])) },
    // The composition root: the one place that knows everybody, but even it goes through the rooms, not around them.
    { files: ['src/main.ts', 'src/nofx.ts', 'src/parts.ts', 'src/cli.ts', 'src/cli-keys.ts'], rules: walls([]) },
    // Pure: besides itself only what computes without touching the world.
    {
      files: ['src/domain/**'],
      rules: walls([...closedWorld, '!./*', '!./annotations/*']),
    },
    { files: ['src/domain/annotations/**'], rules: walls([...closedWorld, '!./*', '!../*.ts']) },
    ...inside.map(({ files, rooms, through }) => ({
      files: [files],
      rules: walls(outsideBut('..', rooms), through),
    })),
    // A stand-in for the outside world. It may look at everything; nobody but main.ts and the tests may look at it.
    {
      files: ['src/playground/**'],
      rules: {
        ...walls(
          [],
          everyGateway.filter((owner) => owner !== 'src/workspace/git*.ts'),
        ),
        'no-console': 'off',
      },
    },
    {
      files: ['src/config.ts'],
      rules: { 'node/no-process-env': 'off', 'no-restricted-properties': 'off' },
    },
    {
      files: ['tests/**', 'bench/**', 'scripts/**', '*.config.ts'],
      rules: { 'node/no-process-env': 'off', 'no-restricted-properties': 'off', 'no-console': 'off' },
    },
    {
      files: ['tests/**'],
      rules: {
        'vitest/no-restricted-vi-methods': [
          'error',
          { mock: 'Our own code is never mocked: use a real thing or a stand-in from tests/support.', doMock: null },
        ],
      },
    },
  ],
});
