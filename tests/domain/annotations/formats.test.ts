import { describe, expect, it } from 'vitest';
import { logOf, read, short } from './support.ts';

/** What was in the repositories that the tools ran in, each in a folder of `/repo`. */
const FILES = {
  js: ['package.json', 'src/add.js', 'test/add.test.js', 'test/broken.test.js'],
  vt: ['package.json', 'src/add.ts', 'tests/add.test.ts', 'tests/broken.test.ts'],
  jest: ['add.js', 'add.test.js', 'broken.test.js', 'package.json', 'syntax.test.js'],
  ts: ['src/a.ts', 'tsconfig.json'],
  es: ['eslint.config.mjs', 'src/a.js', 'src/b.js'],
  py: ['app/__init__.py', 'app/sums.py', 'tests/test_import.py', 'tests/test_sums.py'],
  go: ['bad/bad.go', 'bad/bad_test.go', 'go.mod', 'sums/sums.go', 'sums/sums_test.go'],
  rs: ['Cargo.toml', 'src/lib.rs'],
} as const;

const nonsense = "Expected property name or '}' in JSON at position 2 (line 1 column 3)";
const jsonError =
  'json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 3 (char 2)';
const tsErrors = [
  "src/a.ts:2 [TS2322] Type 'string' is not assignable to type 'number'.",
  "src/a.ts:3 [TS2322] Type 'string' is not assignable to type 'number'.",
  "src/a.ts:5 [TS2322] Type 'Person' is not assignable to type '{ name: string; age: string; }'. / Types of property 'age' are incompatible. /   Type 'number' is not assignable to type 'string'.",
  "src/a.ts:7 [TS2307] Cannot find module './missing.js' or its corresponding type declarations.",
];
const pythonErrors = [
  'tests/test_sums.py:18 [ERROR at setup of test_with_fixture] RuntimeError: no database',
  'tests/test_sums.py:8 [TestAdd.test_adds] assert -1 == 3 /  +  where -1 = add(1, 2)',
  `app/sums.py:9 [test_parses[{ nonsense]] ${jsonError}`,
];

describe('the output of', () => {
  it.each<[tool: string, folder: keyof typeof FILES, expected: string[]]>([
    [
      'node-spec',
      'js',
      [
        'test/add.test.js:6 [adds numbers] AssertionError [ERR_ASSERTION]: Expected values to be strictly equal: / -1 !== 3',
        `src/add.js:3 [reads JSON] SyntaxError: ${nonsense}`,
        'test/add.test.js:17 [waits] Error: never came',
        "test/broken.test.js:1 [test/broken.test.js] 'test failed'",
      ],
    ],
    [
      'node-tap',
      'js',
      [
        'test/add.test.js:6 [adds numbers] Expected values to be strictly equal: / -1 !== 3',
        `src/add.js:3 [reads JSON] ${nonsense}`,
        'test/add.test.js:17 [waits] never came',
        'test/broken.test.js:1 [test/broken.test.js] test failed',
      ],
    ],
    [
      'vitest',
      'vt',
      [
        "tests/broken.test.ts:1 [tests/broken.test.ts] Error: Cannot find module '../src/nowhere.ts' imported from tests/broken.test.ts",
        'tests/add.test.ts:6 [add > adds numbers] AssertionError: expected -1 to be 3 // Object.is equality / - Expected / + Received / - 3 / + -1',
        `src/add.ts:3 [add > parses] SyntaxError: ${nonsense}`,
      ],
    ],
    [
      'jest',
      'jest',
      [
        'add.test.js:5 [add › adds numbers] expect(received).toBe(expected) // Object.is equality / Expected: 3 / Received: -1',
        `add.js:2 [add › parses] SyntaxError: ${nonsense}`,
        "broken.test.js:1 [Test suite failed to run] Cannot find module './nowhere.js' from 'broken.test.js'",
        'syntax.test.js:2 [Test suite failed to run] SyntaxError: syntax.test.js: Unexpected token, expected "," (2:18)',
      ],
    ],
    ['tsc', 'ts', tsErrors],
    ['tsc-pretty', 'ts', tsErrors],
    [
      'eslint-stylish',
      'es',
      [
        "src/a.js:1 [no-unused-vars] 'unused' is assigned a value but never used",
        "src/a.js:4 [no-undef] 'undefinedName' is not defined",
        'src/b.js:1 [] Parsing error: Unexpected token ;',
        "src/a.js:3 warning [eqeqeq] Expected '===' and instead saw '=='",
      ],
    ],
    [
      'eslint-compact',
      'es',
      [
        "src/a.js:1 [no-unused-vars] 'unused' is assigned a value but never used.",
        "src/a.js:4 [no-undef] 'undefinedName' is not defined.",
        'src/b.js:1 [] Parsing error: Unexpected token ;',
        "src/a.js:3 warning [eqeqeq] Expected '===' and instead saw '=='.",
      ],
    ],
    [
      'eslint-unix',
      'es',
      [
        "src/a.js:1 [] 'unused' is assigned a value but never used. [Error/no-unused-vars]",
        "src/a.js:4 [] 'undefinedName' is not defined. [Error/no-undef]",
        'src/b.js:1 [] Parsing error: Unexpected token ; [Error]',
        "src/a.js:3 warning [] Expected '===' and instead saw '=='. [Warning/eqeqeq]",
      ],
    ],
    ['pytest', 'py', pythonErrors],
    ['pytest-short', 'py', pythonErrors],
    ['pytest-line', 'py', ['tests/test_sums.py:8 [] assert -1 == 3']],
    [
      'pytest-collect',
      'py',
      [
        "tests/test_import.py:1 [ERROR collecting tests/test_import.py] ModuleNotFoundError: No module named 'app.nowhere'",
      ],
    ],
    [
      'go-test',
      'go',
      [
        'bad/bad.go:4 [] cannot use "three" (untyped string constant) as int value in return statement',
        'bad/bad.go:8 [] x declared but not used',
        'sums/sums_test.go:7 [TestAdd] Add(1, 2) = -1, want 3',
        'sums/sums_test.go:10 [TestAdd/zero] first line / second line',
        'sums/sums.go:5 [TestFirst] panic: runtime error: index out of range [0] with length 0',
      ],
    ],
    [
      'cargo-test',
      'rs',
      [
        'src/lib.rs:13 [tests::adds] assertion `left == right` failed: two and three /   left: 6 /  right: 5',
        'src/lib.rs:18 [tests::opens] called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound, message: "No such file or directory" }',
        'src/lib.rs:2 warning [] unused variable: `unused` / help: if this is intentional, prefix it with an underscore: `_unused`',
      ],
    ],
    [
      'cargo-build',
      'rs',
      [
        'src/lib.rs:2 [E0308] mismatched types / expected `u64`, found `&str`',
        'src/lib.rs:3 [E0425] cannot find function `missing` in this scope / not found in this scope',
      ],
    ],
  ])('%s', (tool, folder, expected) => {
    expect(read(logOf(tool), `/repo/${folder}`, FILES[folder]).map(short)).toEqual(
      expected.map((one) => one.replace(/^(\S+) \[/, '$1 [')),
    );
    // In a monorepo the tool runs in a folder, and names files from there.
    const nested = FILES[folder].map((file) => `packages/one/${file}`);
    const found = read(logOf(tool).replaceAll(`/repo/${folder}`, '/repo/packages/one'), '/repo', nested);
    expect(found.map(({ path }) => path)).toEqual(expected.map((one) => `packages/one/${one.split(':')[0]}`));
  });
});

describe('less common forms', () => {
  const lines = (...all: string[]) => all.join('\n');

  it('reads go test -v, where lines come before their verdict', () => {
    const output = lines(
      '=== RUN   TestFine',
      '    a_test.go:3: all well',
      '--- PASS: TestFine (0.00s)',
      '=== RUN   TestAdd',
      '    a_test.go:7: got 1',
      '        want 2',
      '--- FAIL: TestAdd (0.00s)',
      'FAIL',
      'FAIL\texample.com/m/b\t0.003s',
    );
    // The same name in two folders: the package says which.
    expect(read(output, '/repo', ['a/a_test.go', 'b/a_test.go']).map(short)).toEqual([
      'b/a_test.go:7 [TestAdd] got 1 / want 2',
    ]);
    expect(read(output, '/repo', ['mod/a/a_test.go', 'mod/b/a_test.go']).map(({ path }) => path)).toEqual([
      'mod/b/a_test.go',
    ]);
  });

  it('reads the panic of an older Rust', () => {
    const output = "thread 'main' panicked at 'no, really', src/main.rs:4:5\nnote: run with `RUST_BACKTRACE=1`";
    expect(read(output, '/repo', ['src/main.rs']).map(short)).toEqual(['src/main.rs:4 [main] no, really']);
  });

  it('reads paths with parentheses', () => {
    const output = 'app/(shop)/page.tsx(3,5): error TS2304: Cannot find name "x".';
    expect(read(output, '/repo', ['app/(shop)/page.tsx']).map(short)).toEqual([
      'app/(shop)/page.tsx:3 [TS2304] Cannot find name "x".',
    ]);
  });

  it.each([
    ['src/a.c:12:7: error: expected expression', 'src/a.c:12 [] expected expression'],
    ['src/a.c:12:7: warning: unused variable', 'src/a.c:12 warning [] unused variable'],
    [
      'app/x.py:3: error: Name "y" is not defined  [name-defined]',
      'app/x.py:3 [] Name "y" is not defined  [name-defined]',
    ],
    [
      './lib/deploy.sh:4:1: note: Double quote to prevent globbing. [SC2086]',
      'lib/deploy.sh:4 notice [] Double quote to prevent globbing. [SC2086]',
    ],
  ])('reads what compilers and linters have in common: %s', (line, expected) => {
    const files = ['src/a.c', 'app/x.py', 'lib/deploy.sh'];
    expect(read(`Checking…\n\u001b[1m${line}\u001b[0m\n`, '/repo', files).map(short)).toEqual([expected]);
  });

  it('finds nothing in an output that it does not know', () => {
    const output = 'Running 12:30:00 tests\nhttp://localhost:3000 is up\nFAILED: see report.html\n';
    expect(read(output, '/repo', ['report.html', 'src/a.js'])).toEqual([]);
  });
});
