import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getProject, listProjects, updateProject } from '../../src/db/projects.ts';
import type { GitHub, InstalledRepository } from '../../src/github/port.ts';
import { RetryableError, UserError } from '../../src/errors.ts';
import { endInstallation, syncInstallation, syncInstallations } from '../../src/runs/installed.ts';
import { lane } from '../support/database.ts';
import { startEngine, type Engine } from '../upkeep/engine.ts';

const repository = (id: number, name = `kit-${id}`): InstalledRepository => ({
  repositoryId: id,
  owner: 'acme',
  name,
  cloneUrl: `https://github.example/acme/${name}.git`,
  defaultBranch: 'main',
});

describe(`what the app is on, on ${lane}`, () => {
  let engine: Engine;
  /** by installation; GitHub answers once `asked` has ended */
  const installed = new Map<number, InstalledRepository[]>();
  let asked = async () => {};
  const github: Pick<GitHub, 'installations' | 'installedRepositories'> = {
    installations: async () => [...installed.keys()],
    async installedRepositories(id) {
      const now = installed.get(id);
      await asked();
      if (now === undefined) throw new UserError('There is no such installation.', 'Install the app.');
      return now;
    },
  };
  beforeAll(async () => {
    engine = await startEngine();
    Object.assign(engine.deps, { adapters: { github } });
  });
  afterAll(() => engine.stop());

  const ids = async () => (await listProjects(engine.db, { limit: 100 })).map(({ id }) => id);
  const at = (id: string) => getProject(engine.db, id);

  it('follows names and owners, and keeps what somebody has settled', async () => {
    installed.set(1, [repository(11), repository(12)]);
    expect(await syncInstallation(engine.deps, 1)).toEqual({ here: 2, gone: 0 });
    await updateProject(engine.db, 'gh_11', { gitMode: 'hidden', baseBranch: 'next' });
    installed.set(1, [repository(12), repository(11, 'renamed')]);
    await syncInstallation(engine.deps, 1);
    expect(await at('gh_11')).toMatchObject({ name: 'acme/renamed', gitMode: 'hidden', baseBranch: 'next' });
  });

  it('does not take for missing what comes while GitHub answers', async () => {
    asked = async () => {
      asked = async () => {};
      installed.set(1, [repository(11), repository(12), repository(13)]);
      await syncInstallation(engine.deps, 1);
    };
    expect(await syncInstallation(engine.deps, 1)).toEqual({ here: 2, gone: 0 });
    expect(await ids()).toEqual(['gh_11', 'gh_12', 'gh_13']);
  });

  it('lets go what it is not on any more, but not what is kept with it', async () => {
    const run = await engine.open();
    installed.set(1, []);
    expect(await syncInstallation(engine.deps, 1)).toEqual({ here: 0, gone: 4 });
    // One is settled, the other has a run.
    expect(await ids()).toEqual(['gh_11', run.projectId]);
    expect((await at('gh_11'))!.removedAt).toBeInstanceOf(Date);
    installed.set(1, [repository(11)]);
    await syncInstallation(engine.deps, 1);
    expect(await at('gh_11')).toMatchObject({ removedAt: null, gitMode: 'hidden' });
    expect(await endInstallation(engine.deps, 1)).toEqual({ gone: 1 });
    expect((await at('gh_11'))!.removedAt).toBeInstanceOf(Date);
  });

  it('is gone over as a whole, whatever one installation has to say', async () => {
    installed.set(2, [repository(21)]);
    await syncInstallation(engine.deps, 2);
    installed.delete(2);
    installed.set(3, [repository(31)]);
    const installedRepositories = async (id: number) => {
      if (id === 5) throw new RetryableError('GitHub is not answering properly.');
      return github.installedRepositories(id);
    };
    const never = { ...github, installedRepositories, installations: async () => [5, 4, 3] };
    Object.assign(engine.deps, { adapters: { github: never } });
    await expect(syncInstallations(engine.deps, AbortSignal.timeout(10_000))).rejects.toThrow('not answering');
    expect(await ids()).toEqual(['gh_11', 'gh_31', 'gh_7']);
    expect(engine.lines.map(({ msg }) => msg)).toContain('an installation cannot be entered');
  });
});
