import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../src/workspace/lock.ts';
import { tidy } from '../../src/workspace/tidy.ts';

const HOUR = 3_600_000;

describe('tidying a disk', () => {
  let root: string;
  beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'nofx-tidy-'))));
  afterEach(() => rm(root, { recursive: true, force: true }));

  const made = async (path: string, hoursOld: number, file = false) => {
    const full = join(root, path);
    await mkdir(file ? join(full, '..') : full, { recursive: true });
    if (file) await writeFile(full, '{}');
    const then = new Date(Date.now() - hoursOld * HOUR);
    await utimes(full, then, then);
  };
  const there = (path: string) => existsSync(join(root, path));
  const run = () =>
    tidy(root, {
      inUse: async (ids) => new Set(ids.filter((id) => id === 'run_aa')),
      projectsInUse: async () => new Set(['gh_2']),
      checkoutsAfterMs: HOUR,
      mirrorsAfterMs: 30 * 24 * HOUR,
      temporaryAfterMs: 3 * HOUR,
      temporary: join(root, 'tmp'),
    });

  it('removes checkouts and scratch folders of runs that are over, and keeps those that are young or in use', async () => {
    for (const id of ['run_aa', 'run_bb', 'run_cc']) {
      await made(`workspaces/gh_1/${id}`, id === 'run_cc' ? 0 : 2);
      await made(`workspaces/gh_1/${id}.git`, 2);
      await made(`workspaces/gh_1/${id}.state.json`, 2, true);
      await made(`scratch/gh_1/${id}-step_1-1`, id === 'run_cc' ? 0 : 2);
    }
    expect((await run()).sort()).toEqual([
      join(root, 'scratch/gh_1/run_bb-step_1-1'),
      join(root, 'workspaces/gh_1/run_bb'),
    ]);
    for (const end of ['', '.git', '.state.json']) expect(there(`workspaces/gh_1/run_bb${end}`)).toBe(false);
    for (const id of ['run_aa', 'run_cc']) {
      for (const end of ['', '.git', '.state.json']) expect(there(`workspaces/gh_1/${id}${end}`)).toBe(true);
      expect(there(`scratch/gh_1/${id}-step_1-1`)).toBe(true);
    }
    expect(await run()).toEqual([]);
  });

  it('removes what mirrors know of worktrees that are gone, and keeps what is young or in use', async () => {
    await made('mirrors/gh_2.git/worktrees/run_aa', 2);
    await made('mirrors/gh_2.git/worktrees/run_bb', 2);
    await made('mirrors/gh_2.git/worktrees/run_cc', 0);
    expect(await run()).toEqual([join(root, 'mirrors/gh_2.git/worktrees/run_bb')]);
    expect(await run()).toEqual([]);
  });

  it('removes mirrors that nobody used for thirty days and no unfinished run needs', async () => {
    await made('mirrors/gh_1.git', 31 * 24);
    await made('mirrors/gh_2.git', 31 * 24);
    await made('mirrors/gh_3.git', 29 * 24);
    await made('mirrors/gh_4.git/objects', 1);
    await made('mirrors/gh_4.git', 31 * 24);
    expect(await run()).toEqual([join(root, 'mirrors/gh_1.git')]);
    expect(await run()).toEqual([]);
  });

  it('removes locks of processes that are gone, and no others', async () => {
    await made('mirrors/gh_1.git.lock', 1);
    await made('mirrors/gh_2.git.lock', 0);
    await withLock(join(root, 'mirrors/gh_3.git'), undefined, async () => {
      expect(await run()).toEqual([join(root, 'mirrors/gh_1.git.lock')]);
    });
    expect(await readdir(join(root, 'mirrors'))).toEqual(['gh_2.git.lock']);
  });

  it('removes what a killed process left of a mirror that it made, removed or fetched into, once nobody can be at it', async () => {
    const [old, young] = [4, 2].map((hours) => ({ hours, id: `0000000${hours}-1111-4111-8111-111111111111` }));
    for (const { hours, id } of [old!, young!]) {
      await made(`mirrors/.gone-${id}`, hours);
      await made(`mirrors/gh_1.git.${id}`, hours);
      await made(`mirrors/gh_2.git/objects/pack/tmp_pack_${hours}`, hours, true);
    }
    await made('mirrors/gh_2.git/objects/pack/pack-1.pack', 4, true);
    const gone = [`.gone-${old!.id}`, `gh_1.git.${old!.id}`, 'gh_2.git/objects/pack/tmp_pack_4'];
    expect((await run()).sort()).toEqual(gone.map((name) => join(root, 'mirrors', name)));
    expect(await run()).toEqual([]);
  });

  it('removes temporary folders of ours only, once no step can be using them', async () => {
    for (const name of ['nofx-git-a', 'nofx-home-a', 'nofx-run-a', 'nofx-other-a', 'git-a'])
      await made(`tmp/${name}`, 4);
    await made('tmp/nofx-home-b', 2);
    expect((await run()).sort()).toEqual(['git', 'home', 'run'].map((name) => join(root, 'tmp', `nofx-${name}-a`)));
  });
});
