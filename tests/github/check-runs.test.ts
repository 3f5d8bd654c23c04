import { describe, expect, it } from 'vitest';
import type { Annotation } from '../../src/domain/annotations/annotations.ts';
import { adapterFor, useGitHub } from './support.ts';
import type { CheckRunInput } from '../../src/github/port.ts';

const world = useGitHub();
const check = (more: Partial<CheckRunInput> = {}) =>
  ({
    headSha: world.head,
    name: 'NOFX',
    externalId: 'run_1',
    status: 'in_progress',
    output: { title: 'Working', summary: 'step 1' },
    ...more,
  }) as CheckRunInput;
const runs = () => world.standIn.checkRuns(world.name);
const posts = () =>
  world.standIn.requests().filter((each) => each.method === 'POST' && each.path.endsWith('/check-runs')).length;

it('makes one check run and updates it to its end', async () => {
  const { github, repo } = world;
  const { id } = await github.upsertCheckRun(
    repo,
    check({ startedAt: new Date('2026-01-01T00:00:00Z'), detailsUrl: 'https://nofx.example.com/runs/1' }),
  );
  await github.upsertCheckRun(repo, check({ output: { title: 'Still working', summary: 'step 2', text: 'table' } }));
  const done = check({
    status: 'completed',
    conclusion: 'success',
    completedAt: new Date('2026-01-01T00:04:12Z'),
  } as Partial<CheckRunInput>);
  expect(await github.upsertCheckRun(repo, { ...done, known: id })).toMatchObject({ id });
  expect(runs()).toMatchObject([
    {
      id,
      name: 'NOFX',
      external_id: 'run_1',
      head_sha: world.head,
      status: 'completed',
      conclusion: 'success',
      started_at: '2026-01-01T00:00:00Z',
      completed_at: '2026-01-01T00:04:12Z',
      details_url: 'https://nofx.example.com/runs/1',
    },
  ]);
});

it('tells runs and names apart', async () => {
  const { github, repo } = world;
  const inputs = [
    check(),
    check({ externalId: 'run_2' }),
    check({ name: 'NOFX / gate: test', externalId: 'run_1:gate:test' }),
  ];
  for (const input of inputs) await github.upsertCheckRun(repo, input);
  for (const input of inputs) await adapterFor(world.standIn).upsertCheckRun(repo, input);
  expect(runs().map((run) => [run.name, run.external_id])).toEqual([
    ['NOFX', 'run_1'],
    ['NOFX', 'run_2'],
    ['NOFX / gate: test', 'run_1:gate:test'],
  ]);
});

it.each([502, 0])('makes one check run when the answer is lost (%s)', async (status) => {
  world.standIn.failNext({ method: 'POST', path: /\/check-runs$/, status, afterEffect: true });
  await world.github.upsertCheckRun(world.repo, check());
  await world.github.upsertCheckRun(world.repo, check());
  expect(runs()).toHaveLength(1);
  expect(posts()).toBe(1);
});

it('makes one when asked twice at once, and a new one when the known is gone', async () => {
  const { github, repo } = world;
  await Promise.all([github.upsertCheckRun(repo, check()), github.upsertCheckRun(repo, check())]);
  expect(runs()).toHaveLength(1);
  await github.upsertCheckRun(repo, { ...check({ externalId: 'run_9' }), known: 987_654 });
  expect(runs()).toHaveLength(2);
});

it('cuts what GitHub would refuse, and says so', async () => {
  await world.github.upsertCheckRun(
    world.repo,
    check({ output: { title: 'x'.repeat(300), summary: '漢'.repeat(30_000), text: 'y'.repeat(65_536) } }),
  );
  const { output } = runs()[0]!;
  expect(Buffer.byteLength(output.summary!)).toBeLessThanOrEqual(65_535);
  expect(Buffer.byteLength(output.text!)).toBeLessThanOrEqual(65_535);
  expect(output.text).toMatch(/Shortened/);
  expect(output.title).toHaveLength(255);
});

describe('annotations', () => {
  const annotations = (count: number): Annotation[] =>
    Array.from({ length: count }, (_, at) => ({
      path: 'README.md',
      // Two say different things about each line.
      line: Math.floor(at / 2) + 1,
      level: 'failure',
      title: 'TS2322',
      message: `wrong in way ${at}`,
    }));
  const failed = (count: number) =>
    check({
      status: 'completed',
      conclusion: 'failure',
      completedAt: new Date('2026-01-01T00:04:12Z'),
      annotations: annotations(count),
    } as Partial<CheckRunInput>);
  const shown = () => runs()[0]!.annotations.map(({ message }) => message);
  const all = (count: number) => annotations(count).map(({ message }) => message);
  const writes = () =>
    world.standIn.requests().filter(({ method, path }) => method !== 'GET' && path.includes('/check-runs')).length;

  it('go out fifty at a time, each once', async () => {
    const { github, repo } = world;
    const { id } = await github.upsertCheckRun(repo, failed(120));
    expect(shown()).toEqual(all(120));
    expect(writes()).toBe(3);
    await github.upsertCheckRun(repo, { ...failed(120), known: id });
    await adapterFor(world.standIn).upsertCheckRun(repo, failed(120));
    expect(shown()).toEqual(all(120));
    expect(writes()).toBe(5);
  });

  it('come to a check run that goes on already', async () => {
    const { id } = await world.github.upsertCheckRun(world.repo, check());
    await world.github.upsertCheckRun(world.repo, { ...failed(60), known: id });
    expect(shown()).toEqual(all(60));
    expect(runs()).toMatchObject([{ status: 'completed', conclusion: 'failure' }]);
  });

  it.each(['POST', 'PATCH'] as const)('are not doubled by a lost answer to a %s', async (method) => {
    world.standIn.failNext({ method, path: /\/check-runs/, status: 502, afterEffect: true });
    await world.github.upsertCheckRun(world.repo, failed(70)).catch(() => {});
    await world.github.upsertCheckRun(world.repo, failed(70));
    expect(shown()).toEqual(all(70));
    expect(runs()).toHaveLength(1);
  });
});
