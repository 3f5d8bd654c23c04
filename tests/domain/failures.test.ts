import { describe, expect, it } from 'vitest';
import { GitMode } from '../../src/domain/project.ts';
import { renderCheck, renderComment, type RunView } from '../../src/domain/report.ts';
import { FailureKind, type Failure } from '../../src/domain/run.ts';

/** One failure of each kind, as the code that finds it words it. */
const failures: Record<FailureKind, Omit<Failure, 'kind'>> = {
  permission: {
    message: 'The app lacks a permission for this (POST /repos/acme/kit/pulls).',
    next: "An owner must accept the app's permissions under Settings → GitHub Apps → Configure; app.yml lists them.",
  },
  configuration: {
    message: 'This NOFX has no model to work with.',
    next: 'Whoever runs it must set ANTHROPIC_API_KEY.',
  },
  repository: {
    message: 'The repository is archived, so nothing can be pushed.',
    next: 'Unarchive it in its settings, then ask again.',
  },
  protected_branch: {
    message: "The repository's rules forbid this.",
    next: 'Let the app bypass the rule, or leave the branches `nofx/**` out of it.',
  },
  policy: {
    message: 'The change touches `.github/workflows/ci.yml`, which is protected.',
    next: 'Make that change by hand.',
  },
  gate: {
    message: 'The tests (`npm test`) failed with exit code 1. No pull request was opened.',
    next: 'Comment `/nofx <what it should do differently>`, or `/nofx retry` to have it written anew.',
  },
  budget: { message: 'What a run may cost is used up: $5.00 of $5.00 spent.', next: 'Ask for less at once.' },
  model: { message: 'The model declined to do this.', next: 'Say the task in other words.' },
  conflict: {
    message: 'Somebody else pushed to nofx/1-notes while the run was under way; their commits were left alone.',
    next: 'Comment `/nofx retry` to start from what is there now.',
  },
  rate_limit: {
    message: "GitHub's rate limit is reached. It was tried 30 times.",
    next: 'Wait a while, then comment `/nofx retry`.',
  },
  timeout: { message: 'Nobody approved it in time, so it was not done.', next: '' },
  internal: {
    message: 'NOFX itself failed: something is odd.',
    next: 'Comment `/nofx retry`; if it happens again, report the run run_1 to whoever runs this NOFX.',
  },
};

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const viewOf = (kind: FailureKind, gitMode: GitMode): RunView => ({
  id: 'run_1',
  status: 'failed',
  goal: 'add the notes',
  requester: { login: 'mona' },
  startedAt: at(0),
  endedAt: at(30),
  branch: 'nofx/1-notes',
  base: 'main',
  steps: [
    { name: 'codegen', tool: 'codegen', status: 'failed', startedAt: at(0), endedAt: at(30) },
    { name: 'write', tool: 'workspace:write', status: 'skipped', startedAt: null, endedAt: null },
  ],
  usage: null,
  cost: null,
  gates: [],
  pullRequest: null,
  error: { kind, ...failures[kind] },
  files: [],
  summary: '',
  gitMode,
});

describe.each(FailureKind.options)('a failure of the kind %s', (kind) => {
  it.each(GitMode.options)('says what happened and what to type next, in the mode %s', (mode) => {
    const view = viewOf(kind, mode);
    const comment = renderComment(view);
    expect(comment).toMatchSnapshot();
    const next = /\*\*Next:\*\* (.*)/.exec(comment)![1]!;
    expect(next).toMatch(/`\/nofx (?:retry|<[^>]+>)`/);
    expect(renderCheck(view).text).toContain(next);
    // The marker and the run's id are not words for people.
    if (mode === 'hidden') {
      expect(comment).not.toMatch(/\b(branch(?:es)?|commit|rebase|merge[ds]?|push(?:ed)?|pull requests?|PR)\b/i);
    }
  });
});
