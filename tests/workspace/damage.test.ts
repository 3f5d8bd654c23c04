import { chmodSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../support/repository.ts';
import { added, meta, serveWorkspaces } from './support.ts';

const { folder, workspaces, setUp } = await serveWorkspaces();

const wanted = (base: string) => ({ key: 'run_1', base, branch: 'nofx/run_1' });
const mirrorOf = (id: string) => join(folder.path, 'root', 'mirrors', `${id}.git`);
/** What a power cut leaves of files that were written just before. */
function empty(where: string): void {
  for (const entry of readdirSync(where, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, 0o600);
    truncateSync(path);
  }
}

const HARMS: Record<string, (mirror: string) => void> = {
  'HEAD is empty': (mirror) => writeFileSync(join(mirror, 'HEAD'), ''),
  'HEAD is gone': (mirror) => rmSync(join(mirror, 'HEAD')),
  'configuration is rubbish': (mirror) => writeFileSync(join(mirror, 'config'), '\0\0'),
  'shallow file is rubbish': (mirror) => writeFileSync(join(mirror, 'shallow'), '\0\0\n'),
  'refs are empty': (mirror) => empty(join(mirror, 'refs')),
  'objects are empty': (mirror) => empty(join(mirror, 'objects')),
  'objects are gone': (mirror) => rmSync(join(mirror, 'objects'), { recursive: true }),
  'packs are gone': (mirror) => rmSync(join(mirror, 'objects', 'pack'), { recursive: true }),
};

describe('a mirror that was damaged is made anew', () => {
  for (const [what, harm] of Object.entries(HARMS)) {
    it(`before a run: its ${what}`, async () => {
      const { access, first, commit } = setUp({ 'a.txt': 'a\n' });
      await workspaces.resolve(access, 'main');
      harm(mirrorOf(access.project.id));
      const second = commit({ 'a.txt': 'b\n' });
      expect(await workspaces.resolve(access, 'main')).toBe(second);
      const base = await workspaces.readBase(access, first);
      expect(await base.text('a.txt', 10)).toBe('a\n');
      const { path } = await workspaces.openWorkspace(access, wanted(first));
      expect(git(path, 'status', '--porcelain')).toBe('');
    });

    it(`in the middle of a run: its ${what}`, async () => {
      const { access, bare } = setUp({ 'a.txt': 'a\n' });
      const base = await workspaces.resolve(access, 'main');
      const { sha } = await (await workspaces.openWorkspace(access, wanted(base))).commit([added('b', 'b')], meta);
      harm(mirrorOf(access.project.id));
      const push = { sha, branch: 'nofx/run_1', expected: null };
      /** As a step does, attempt by attempt. */
      const attempt = async () => {
        if (!(await workspaces.has(access, push))) {
          const workspace = await workspaces.openWorkspace(access, wanted(base));
          if ((await workspace.head()) !== sha) await workspace.commit([added('b', 'b')], meta);
        }
        await workspaces.push(access, push);
      };
      await attempt().catch(attempt);
      expect(git(bare, 'rev-parse', 'nofx/run_1').trim()).toBe(sha);
    });
  }

  it('and what else a run asks of it', async () => {
    const { access, first } = setUp({ 'a.txt': 'a\n' });
    const workspace = await workspaces.openWorkspace(access, wanted(first));
    empty(join(mirrorOf(access.project.id), 'objects'));
    await expect(workspace.commit([added('b', 'b')], meta)).rejects.toThrow('was damaged, and is made anew');
    const anew = await workspaces.openWorkspace(access, wanted(first));
    const { sha } = await anew.commit([added('b', 'b')], meta);
    expect(await anew.head()).toBe(sha);
  });
});
