import { generateKeyPairSync } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, beforeEach, expect } from 'vitest';
import { createGitHub, openProbot } from '../../src/github/index.ts';
import type { GitHub, RepositoryRef } from '../../src/github/port.ts';
import type { GitHubStandIn } from '../../src/playground/github-stand-in.ts';
import { startGitHub, type TestGitHub } from '../support/github.ts';

export type World = {
  standIn: TestGitHub;
  github: GitHub;
  repo: RepositoryRef;
  /** `octo/app`, as the stand-in's readers want it. */
  name: string;
  /** An open issue. */
  issue: number;
  /** The default branch's head. */
  head: string;
};

const silent = pino({ level: 'silent' });
/** One for the whole file: making a key takes longer than most tests. */
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

/** An adapter of its own on a stand-in, as a process started anew would have. */
export function adapterFor(standIn: GitHubStandIn): GitHub {
  const probot = openProbot({
    appId: standIn.app.id,
    privateKey: standIn.app.privateKey,
    secret: 'a secret of this test',
    baseUrl: standIn.apiUrl,
    log: silent,
    timeoutMs: 20_000,
    retryBaseMs: 1,
  });
  return createGitHub({ octokitFor: (id) => probot.auth(id), log: silent, writeIntervalMs: 0, settleMs: [0] });
}

/** A fresh stand-in with one repository and one issue for each test. */
export function useGitHub(): World {
  const world = {} as World;
  beforeEach(async () => {
    const standIn = await startGitHub({ app: { privateKey } });
    const created = await standIn.createRepository({
      owner: 'octo',
      name: 'app',
      files: { 'README.md': '# App\n', '.github/nofx.yml': 'gates:\n  test: npm test\n' },
      collaborators: { alice: 'write' },
    });
    const issue = await standIn.openIssue({ repo: 'octo/app', title: 'Slugs wanted', by: 'alice' });
    Object.assign(world, {
      standIn,
      github: adapterFor(standIn),
      repo: { installationId: created.installationId, repositoryId: created.id, owner: 'octo', name: 'app' },
      name: 'octo/app',
      issue: issue.number,
      head: (await standIn.branches('octo/app'))['main'],
    });
  });
  afterEach(async () => {
    await world.standIn.stop();
    // Every request fits GitHub's own description.
    expect(world.standIn.problems).toEqual([]);
  });
  return world;
}

/** What a call failed with. */
export async function failure(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail.');
}
