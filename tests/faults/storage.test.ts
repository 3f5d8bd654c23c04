import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { artifact, step } from '../../src/db/schema.ts';
import { demoScript } from '../../src/playground/demo-script.ts';
import { buildTown, expectOneStory, type Town } from '../support/process.ts';
import { startSupabase } from '../support/supabase.ts';

describe('storage fails', () => {
  let town: Town | undefined;
  const after: (() => unknown)[] = [];
  afterEach(async () => {
    await town?.stop();
    for (const undo of after.splice(0)) await undo();
  });

  it('Supabase goes away in the middle of a run: artifacts go to disk, and the run to its end', async () => {
    const supabase = await startSupabase();
    after.push(supabase.close);
    town = await buildTown({ script: demoScript });
    const { url, serviceRoleKey } = supabase.options;
    const server = await town.start({ SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey });
    const issue = await town.comment('/nofx add a slugify helper');
    await server.saw((line) => line['msg'] === 'step started' && line['tool'] === 'gate:test');
    supabase.setDown(true);
    await town.ended();
    expect(await expectOneStory(town, issue)).toEqual([]);
    const { db } = town.database;
    const kept = await db.select().from(artifact).orderBy(artifact.createdAt);
    const drivers = kept.map(({ driver }) => driver);
    expect(drivers.slice(0, drivers.indexOf('local'))).toContain('supabase');
    expect(drivers.slice(drivers.indexOf('local'))).not.toContain('supabase');
    expect((await db.select().from(step)).map(({ failures }) => failures)).toEqual([0, 0, 0, 0]);
  });

  it.skipIf(!mayMount()).each([
    ['of the workspaces', 'WORKSPACE_ROOT'],
    ['of the artifacts', 'NOFX_ARTIFACTS_DIR'],
  ])(
    'the disk %s is full (needs the right to mount a file system): the run fails in clear words, the next one works',
    async (_, variable) => {
      const disk = mkdtempSync(join(tmpdir(), 'nofx-small-disk-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]);
      after.push(() => {
        execFileSync('umount', ['-l', disk]);
        rmSync(disk, { recursive: true });
      });
      town = await buildTown({ script: demoScript });
      const server = await town.start({ [variable]: join(disk, 'nofx') });
      fill(join(disk, 'ballast'));
      const issue = await town.comment('/nofx add a slugify helper');
      const [full] = await town.ended();
      expect(full).toMatchObject({ status: 'failed' });
      const said = town.github
        .comments('acme/text-kit', issue)
        .map(({ body }) => body ?? '')
        .join('\n');
      expect(said).toContain('no room left on its disk');
      expect(said).not.toContain(disk);
      expect(town.github.checkRuns('acme/text-kit').map(({ status, conclusion }) => `${status} ${conclusion}`)).toEqual(
        ['completed failure'],
      );
      expect(server.child.exitCode).toBeNull();

      rmSync(join(disk, 'ballast'));
      await town.comment('/nofx add a slugify helper', issue);
      const runs = await town.ended(2);
      expect(runs.map(({ status }) => status).sort()).toEqual(['failed', 'succeeded']);
      expect(town.github.pullRequests('acme/text-kit')).toHaveLength(1);
    },
  );
});

/** Writes until there is no room for another byte. */
function fill(path: string): void {
  for (const size of [1 << 20, 1 << 12, 1])
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
}

function mayMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'nofx-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at], { stdio: 'ignore' });
    execFileSync('umount', [at]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}
