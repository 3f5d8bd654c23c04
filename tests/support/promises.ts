import { expect } from 'vitest';
import type { Playground } from '../../src/playground/playground.ts';
import type { Repository } from './harness-repository.ts';
import { compareHistory } from './history.ts';

type Before = {
  /** the default branch's head when the repository was made */
  firstHead: string | undefined;
  /** where people left it */
  theirs: string | undefined;
  /** false where GitHub took no comment */
  commentable: boolean;
};

/** What NOFX promises everybody, whatever they asked for and however it went. */
export async function expectPromisesKept(
  { github }: Playground,
  repository: Repository,
  { firstHead, theirs, commentable }: Before,
): Promise<void> {
  const heads = await github.branches(repository.name);
  expect(heads['main'], `${repository.name}: the default branch is where people left it`).toBe(theirs);
  const onDefault = github
    .checkRuns(repository.name)
    .filter((check) => check.head_sha === theirs || check.head_sha === firstHead);
  expect(onDefault, `${repository.name}: no check on the default branch`).toEqual([]);
  const runs = await repository.runs();
  expect(
    runs.filter(({ endedAt }) => endedAt === null),
    `${repository.name}: every run has ended`,
  ).toEqual([]);
  expect(
    repository.checks().filter((check) => !check.includes(': completed/')),
    `${repository.name}: no check is left open`,
  ).toEqual([]);
  for (const run of runs) {
    const { steps, events } = await repository.detailsOf(run);
    expect(compareHistory(run, steps, events), `${repository.name}: the events tell what the rows say`).toEqual([]);
    // What was not asked on an issue is told by its check alone.
    const number = run.source.issue?.number;
    if (number !== undefined) {
      const said = [
        ...repository.answers(number),
        ...(run.source.kind === 'pull request' ? repository.remarks(number) : []),
      ];
      const own = said.filter((body) => body.includes(`<!-- nofx:run ${run.id} -->`));
      expect(own, `${repository.name}: one comment of ${run.id}`).toHaveLength(commentable ? 1 : 0);
    }
    // A plan of one's own may go on on other branches than the run's.
    const branches = [run.branch, ...steps.map(({ outputs }) => outputs?.['branch'])];
    expect(
      github.pullRequests(repository.name).filter(({ head }) => branches.includes(head.ref)).length,
      `${repository.name}: pull requests`,
    ).toBe(run.pullRequest === null ? 0 : 1);
  }
}
