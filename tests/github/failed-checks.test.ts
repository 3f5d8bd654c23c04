import { expect, it } from 'vitest';
import { useGitHub } from './support.ts';

const world = useGitHub();

it('gives what other apps found, and not what we did', async () => {
  const { standIn, name, head, github, repo } = world;
  const annotations = [
    { path: 'README.md', start_line: 2, end_line: 2, annotation_level: 'failure', message: 'wrong' },
  ];
  await standIn.runCheck({ repo: name, sha: head, name: 'build', conclusion: 'failure', summary: 'Red.', annotations });
  await standIn.runCheck({ repo: name, sha: head, name: 'lint', conclusion: 'failure' });
  await standIn.runCheck({ repo: name, sha: head, name: 'lint', conclusion: 'success' });
  await github.upsertCheckRun(repo, {
    headSha: head,
    name: 'NOFX',
    externalId: 'run_1:NOFX',
    output: { title: 'Failed', summary: 'Ours.' },
    status: 'completed',
    conclusion: 'failure',
    completedAt: new Date(),
  });
  expect(await github.failedChecks(repo, head)).toEqual([
    { name: 'build', said: 'Red.', annotations: [{ path: 'README.md', line: 2, message: 'wrong' }] },
  ]);
  expect(standIn.webhookProblems()).toEqual([]);
});
