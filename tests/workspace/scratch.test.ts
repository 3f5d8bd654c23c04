import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, writeFiles } from '../support/repository.ts';
import { makeRoundTrips } from './round-trip.ts';

const { folder, workspaces, roundTrip } = makeRoundTrips();

describe('a scratch is not trusted', () => {
  it('takes the files of a repository made inside it, and runs nothing of it', async () => {
    const marker = join(folder.path, 'ran');
    const { changes } = await roundTrip({ a: 'a\n', 'lib/x': 'x\n' }, (path) => {
      for (const at of ['', 'sub', 'lib']) {
        mkdirSync(join(path, at), { recursive: true });
        git(join(path, at), 'init', '--quiet', '.');
        for (const key of [
          'core.fsmonitor',
          'core.hooksPath',
          'diff.external',
          'filter.x.clean',
          'filter.x.process',
          'core.sshCommand',
        ])
          git(join(path, at), 'config', key, `touch ${marker}`);
      }
      writeFiles(path, { 'sub/b.txt': 'b\n', '.gitattributes': '* filter=x diff=x\n' });
    });
    expect(changes.map((change) => change.path)).toEqual(['.gitattributes', 'sub/b.txt']);
    expect(existsSync(marker)).toBe(false);
  });

  it('holds no git directory that a model could reach', async () => {
    const { access } = await roundTrip({ a: 'a\n' }, () => undefined);
    const base = await workspaces.resolve(access, 'main');
    const scratch = await workspaces.openScratch(access, { key: 'other', base });
    expect(existsSync(join(scratch.path, '.git'))).toBe(false);
    await scratch.dispose();
    expect(existsSync(scratch.path)).toBe(false);
  });
});
