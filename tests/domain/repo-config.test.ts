import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseRepoConfig } from '../../src/domain/parse-repo-config.ts';
import { mergeRepoConfigs, RepoConfig, repoConfigJsonSchema } from '../../src/domain/repo-config.ts';
import { RunConfig, runConfigOf } from '../../src/domain/run-config.ts';

const errorsOf = (text: string) => {
  const result = parseRepoConfig(text);
  if (result.ok) throw new Error('expected errors');
  return result.errors.map((error) => `${error.line}: ${error.message}`);
};

const parsed = (text: string): RepoConfig => {
  const result = parseRepoConfig(text);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.value;
};

/** Every key, none at its default. */
const EVERYTHING = `
label: bot-please
model: claude-opus-5-5
planner: claude-haiku-5-5
plan_first: true
gates:
  lint: { command: npm run lint, timeout_minutes: 5, setup: false }
  test: npm test
setup:
  command: npm ci
  timeout_minutes: 15
  allow_scripts: true
  domains: [registry.example.com, "*.example.org"]
on_gate_failure: draft
max_repairs: 0
on_ci_failure: repair
on_review: off
git_mode: hidden
workspace_mode: clone
base: develop
branch: nofx/{user}/{run}
commits: verified
draft: true
reviewers: [octocat, acme/reviewers]
assignees: [hubot]
labels: [from nofx]
protected_paths: ["/infra/", "*.sql"]
max_diff: { files: 20, lines: 500 }
conventions: [docs/style.md]
budgets: { per_run_usd: 2.5, per_day_usd: 20 }
approvers: [mona, acme/leads]
require_other_approver: true
approval_timeout_days: 3
`;

describe('a file', () => {
  it('settles every key', () => {
    const config = runConfigOf(parsed(EVERYTHING));
    expect(config).toEqual({
      label: 'bot-please',
      model: 'claude-opus-5-5',
      planner: 'claude-haiku-5-5',
      planFirst: true,
      gates: [
        { name: 'lint', command: 'npm run lint', timeoutMinutes: 5, setup: false },
        { name: 'test', command: 'npm test', timeoutMinutes: 20, setup: true },
      ],
      setup: {
        command: 'npm ci',
        timeoutMinutes: 15,
        allowScripts: true,
        domains: ['registry.example.com', '*.example.org'],
      },
      onGateFailure: 'draft',
      maxRepairs: 0,
      onCiFailure: 'repair',
      onReview: 'off',
      gitMode: 'hidden',
      workspaceMode: 'clone',
      base: 'develop',
      branch: 'nofx/{user}/{run}',
      commits: 'verified',
      draft: true,
      reviewers: ['octocat', 'acme/reviewers'],
      assignees: ['hubot'],
      labels: ['from nofx'],
      protectedPaths: ['/infra/', '*.sql'],
      maxDiff: { files: 20, lines: 500 },
      conventions: ['docs/style.md'],
      budgets: { perRunUsd: 2.5, perDayUsd: 20 },
      approvers: ['mona', 'acme/leads'],
      requireOtherApprover: true,
      approvalTimeoutDays: 3,
    });
    const defaults = RunConfig.parse({});
    const same = Object.entries(config).filter(
      ([key, value]) => JSON.stringify(value) === JSON.stringify(defaults[key as keyof RunConfig]),
    );
    expect(same, 'keys this test does not change').toEqual([]);
  });

  it.each(['', '# nothing\n', '---\n', 'gates: {}\n'])('may leave out everything: %j', (text) => {
    expect(runConfigOf(parsed(text))).toStrictEqual(RunConfig.parse({}));
  });

  it('takes the short forms', () => {
    expect(runConfigOf(parsed('gates:\n  test: npm test\nsetup: npm ci\n'))).toMatchObject({
      gates: [{ name: 'test', command: 'npm test', timeoutMinutes: 20, setup: true }],
      setup: { command: 'npm ci', timeoutMinutes: 10, allowScripts: false, domains: [] },
    });
    expect(runConfigOf(parsed('setup: { allow_scripts: true }')).setup).toMatchObject({
      command: null,
      allowScripts: true,
    });
  });

  it("goes over its organization's key by key, and budgets and limits of a change entry by entry", () => {
    const org = parsed(
      'draft: true\nreviewers: [acme/leads]\nbudgets: { per_run_usd: 1, per_day_usd: 9 }\nmax_diff: { files: 5 }',
    );
    const own = parsed('reviewers: [octocat]\nbudgets: { per_run_usd: 2 }\nmax_diff: { lines: 100 }');
    expect(mergeRepoConfigs(own, org)).toEqual({
      draft: true,
      reviewers: ['octocat'],
      budgets: { per_run_usd: 2, per_day_usd: 9 },
      max_diff: { files: 5, lines: 100 },
    });
    expect(mergeRepoConfigs({}, org)).toEqual(org);
  });
});

describe('mistakes', () => {
  it('are all reported, with their lines, in order', () => {
    expect(
      errorsOf(
        'gate:\n  test: npm test\ngit_mode: expert\ndraft: "yes"\nsetup:\n  comand: npm ci\n  command: npm ci\nbudgets:\n  per_run: 3\nreviewers:\n  - octocat\n  - "@hubot"\n',
      ),
    ).toEqual([
      '1: unknown key "gate". Did you mean "gates"?',
      '3: git_mode: must be one of hidden, basic, advanced',
      '4: draft: must be true or false',
      '6: setup: unknown key "comand". Did you mean "command"?',
      '9: budgets: unknown key "per_run". Known here: per_run_usd, per_day_usd.',
      '12: reviewers.2: must be a login such as octocat, or a team such as acme/reviewers, without @',
    ]);
  });

  it.each([
    ['colour: red', /^1: unknown key "colour"\. Known here: label, model, .*, approval_timeout_days\.$/],
    ['gates:\n  test: [npm, test]', '2: gates.test: must be text, or a map with `command`, `timeout_minutes`, `setup`'],
    ['gates:\n  test:\n    timeout_minutes: 5', '2: gates.test.command: is missing'],
    [
      'gates:\n  test:\n    command: npm test\n    timeout_minutes: -1',
      '4: gates.test.timeout_minutes: must be more than 0',
    ],
    [
      'gates:\n  test:\n    command: npm test\n    timeout_minutes: 90',
      '4: gates.test.timeout_minutes: must be at most 40',
    ],
    [
      'gates:\n  Unit tests: npm test',
      '2: gates: the name "Unit tests" must be a lower-case letter, then up to 29 letters, digits, "_" or "-"',
    ],
    ['gates:\n  test: ""', '2: gates.test: must name a command'],
    [
      `gates: {${[...'abcdefghijk'].map((name) => `${name}: x`).join(', ')}}`,
      '1: gates: must not have more than 10 gates',
    ],
    [
      'setup:\n  command: x\n  domains: [localhost]',
      '3: setup.domains.1: must be a host name such as registry.example.com',
    ],
    ['label:', '1: label: is empty; leave it out, or make it text'],
    ['label: [a]', '1: label: must be text'],
    [`label: ${'x'.repeat(51)}`, '1: label: must be at most 50 characters'],
    ['max_repairs: 1.5', '1: max_repairs: must be a whole number'],
    ['base: --orphan', '1: base: must be a branch name'],
    ['base: a..b', '1: base: must be a branch name'],
    ['branch: work/{run}', '1: branch: must begin with nofx/: NOFX pushes nowhere else'],
    ['branch: nofx/{issue}', '1: branch: must have {run} in it, so that each run has a branch of its own'],
    ['branch: nofx/{title}-{run}', '1: branch: has an unknown {title}; known are {issue}, {slug}, {user}, {run}'],
    ['branch: nofx/{run}.x', '1: branch: may hold letters, digits, "-", "_" and "/" beside its places'],
    ['branch: nofx/{run}/', '1: branch: must be a branch name'],
    ['workspace_mode: local_path', '1: workspace_mode: must be one of worktree, clone'],
    ['approvers: everyone', '1: approvers: must be one of write, maintain, admin, or a list'],
    ['approvers: []', '1: approvers: must not be empty'],
    ['protected_paths: ["!a"]', '1: protected_paths.1: must not begin with "!": list what is protected'],
    ['protected_paths: [../x]', '1: protected_paths.1: must not have a "." or ".." part'],
    ['conventions: [/etc/passwd]', '1: conventions.1: must be the path of a file in the repository'],
    ['conventions: [docs/../../x]', '1: conventions.1: must be the path of a file in the repository'],
    ['budgets: { per_day_usd: 0 }', '1: budgets.per_day_usd: must be more than 0'],
    ['- a\n- b', '1: must be a map of keys and values'],
  ])('%j', (text, expected) => {
    const errors = errorsOf(text);
    expect(errors).toHaveLength(1);
    if (typeof expected === 'string') expect(errors[0]).toBe(expected);
    else expect(errors[0]).toMatch(expected);
  });

  it('in the YAML itself are reported with their line', () => {
    expect(errorsOf('gates:\n  test: "npm\n')[0]).toMatch(/^[23]: Missing closing "quote/);
    expect(errorsOf('draft: true\ndraft: false\n')).toEqual(['2: Map keys must be unique']);
  });

  it('do not unfold a bomb of aliases', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`),
    ].join('\n');
    expect(errorsOf(bomb)[0]).toMatch(/alias/i);
  });

  it('never throw', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab: \n-[]{}&*!|>"\'#%@`gates') }),
        (text) => void parseRepoConfig(text),
      ),
    );
  });
});

describe('docs/configuration.md', () => {
  const text = readFileSync('docs/configuration.md', 'utf8');
  const rows = new Map([...text.matchAll(/^\| `(\w+)` +\|.*\| +(.*?) +\|$/gm)].map(([, key, value]) => [key!, value!]));

  it('has each key, and shows nothing that NOFX would not take', () => {
    expect([...rows.keys()].toSorted()).toEqual(Object.keys(RepoConfig.shape).toSorted());
    const examples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml]) => yaml!);
    expect(examples.length).toBeGreaterThan(2);
    for (const example of examples) expect(parsed(example)).not.toEqual({});
  });

  it('names the defaults that hold', () => {
    const defaults = RunConfig.parse({});
    const said = Object.entries(runConfigKeys).flatMap(([key, name]) => {
      const value = defaults[name];
      const shown = (Array.isArray(value) ? value : [value]).map((each) => `\`${String(each)}\``).join(', ');
      return value === null || shown === '' || rows.get(key) === shown
        ? []
        : [`${key}: ${rows.get(key)}, not ${shown}`];
    });
    expect(said).toEqual([]);
  });
});

/** The keys whose default is a value of its own, and not somebody else's setting. */
const runConfigKeys = {
  on_gate_failure: 'onGateFailure',
  max_repairs: 'maxRepairs',
  on_ci_failure: 'onCiFailure',
  on_review: 'onReview',
  branch: 'branch',
  draft: 'draft',
  commits: 'commits',
  protected_paths: 'protectedPaths',
  plan_first: 'planFirst',
  conventions: 'conventions',
  approvers: 'approvers',
  require_other_approver: 'requireOtherApprover',
  approval_timeout_days: 'approvalTimeoutDays',
  git_mode: 'gitMode',
  workspace_mode: 'workspaceMode',
} as const satisfies Record<string, keyof RunConfig>;

describe('the JSON Schema', () => {
  const published = JSON.parse(readFileSync('nofx.schema.json', 'utf8')) as Record<string, unknown>;

  it('is up to date: `npx node scripts/config-schema.ts` writes it', () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(repoConfigJsonSchema())));
  });

  it('takes what NOFX takes, and tells editors what each key is for', () => {
    const accepts = new Ajv({ strict: true }).compile(published);
    expect(accepts(parse(EVERYTHING)), JSON.stringify(accepts.errors)).toBe(true);
    expect(accepts({ colour: 'red' })).toBe(false);
    const properties = published['properties'] as Record<string, { description?: string }>;
    expect(Object.entries(properties).filter(([, { description }]) => !description)).toEqual([]);
  });
});
