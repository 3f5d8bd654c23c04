import { describe, expect, it } from 'vitest';
import { problemsOf, type Facts, type RunFacts } from './checks.ts';

const run: RunFacts = {
  id: 'run_1',
  asked: 'acme/kit#1',
  status: 'succeeded',
  failure: null,
  pullRequests: 1,
  comments: 1,
  events: [
    { seq: 1, type: 'run.created' },
    { seq: 2, type: 'run.succeeded' },
  ],
  steps: [{ name: 'test', status: 'succeeded' }],
  history: [],
};
const check = { repo: 'acme/kit', name: 'NOFX', key: 'sha run', status: 'completed' };
const facts: Facts = {
  asked: ['acme/kit#1'],
  runs: [run],
  checks: [check],
  jobs: [],
  pullRequests: 1,
  orphans: [],
  leftOnDisk: [],
};

describe('the checks of a soak', () => {
  it('find nothing where all went well', () => {
    expect(problemsOf(facts)).toEqual([]);
  });

  it.each<[string, Partial<RunFacts>]>([
    ['run that failed', { status: 'failed' }],
    ['second pull request', { pullRequests: 2 }],
    ['missing comment', { comments: 0 }],
    ['second end', { events: [...run.events, { seq: 3, type: 'run.failed' }] }],
    ['run without an end', { events: run.events.slice(0, 1) }],
    ['gap in the events', { events: [run.events[0]!, { seq: 3, type: 'run.succeeded' }] }],
    ['row that says what its events do not', { history: ['test is failed in its row'] }],
    ['step that was forgotten', { steps: [{ name: 'test', status: 'queued' }] }],
  ])('see a %s', (_, change) => {
    expect(problemsOf({ ...facts, runs: [{ ...run, ...change }] })).toHaveLength(1);
  });

  it.each<[string, Partial<Facts>]>([
    ['comment that nobody took up', { asked: [...facts.asked, 'acme/kit#2'], pullRequests: 2 }],
    ['second run for one comment', { runs: [run, run], asked: facts.asked }],
    ['pull request of no run', { pullRequests: 2 }],
    ['check left open', { checks: [{ ...check, status: 'in_progress' }] }],
    ['check made twice', { checks: [check, check] }],
    ['job', { jobs: ['step active'] }],
    ['process', { orphans: ['1 bwrap'] }],
    ['lock', { leftOnDisk: ['mirrors/kit.git.lock'] }],
  ])('see a %s', (_, change) => {
    expect(problemsOf({ ...facts, ...change })).toHaveLength(1);
  });
});
