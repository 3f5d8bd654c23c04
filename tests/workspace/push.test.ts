import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { git, type project } from '../support/repository.ts';
import { added, meta, serveWorkspaces } from './support.ts';

const { server, workspaces, setUp } = await serveWorkspaces();

describe('push', () => {
  async function committed(over: Parameters<typeof project>[0] = {}) {
    const made = setUp({ 'a.txt': 'a\n' }, over);
    const workspace = await workspaces.openWorkspace(made.access, {
      key: 'run_1',
      base: made.first,
      branch: 'nofx/run_1',
    });
    const { sha } = await workspace.commit([added('b.txt', 'b')], meta);
    return { ...made, workspace, sha };
  }

  it.each(['worktree', 'clone'] as const)(
    'pushes once, and again, and moves on with the right lease (%s)',
    async (workspaceMode) => {
      const { access, bare, sha, workspace } = await committed({ workspaceMode });
      await workspaces.push(access, { sha, branch: 'nofx/run_1', expected: null });
      expect(git(bare, 'rev-parse', 'nofx/run_1').trim()).toBe(sha);
      await workspaces.push(access, { sha, branch: 'nofx/run_1', expected: null });
      const next = await workspace.commit([added('b.txt', 'c')], meta);
      await workspaces.push(access, { sha: next.sha, branch: 'nofx/run_1', expected: sha });
      expect(git(bare, 'rev-parse', 'nofx/run_1').trim()).toBe(next.sha);
      expect(git(bare, 'rev-parse', 'main').trim()).not.toBe(next.sha);
    },
  );

  it('sends only the change when the default branch has moved on', async () => {
    const made = setUp({ 'big.bin': Buffer.from(Array.from({ length: 300_000 }, () => Math.random() * 256)) });
    const workspace = await workspaces.openWorkspace(made.access, {
      key: 'run_1',
      base: made.first,
      branch: 'nofx/run_1',
    });
    const { sha } = await workspace.commit([added('b.txt', 'b')], meta);
    made.commit({ 'c.txt': 'c' });
    const before = server.received;
    await workspaces.push(made.access, { sha, branch: 'nofx/run_1', expected: null });
    const sent = server.received - before;
    expect(git(made.bare, 'rev-parse', 'nofx/run_1^').trim()).toBe(made.first);
    expect(sent).toBeGreaterThan(100);
    expect(sent).toBeLessThan(100_000);
  });

  it('overwrites nothing that someone else pushed', async () => {
    const { access, bare, first, sha } = await committed();
    git(bare, 'branch', 'nofx/run_1', first);
    await expect(workspaces.push(access, { sha, branch: 'nofx/run_1', expected: null })).rejects.toThrow(
      /changed by someone else/,
    );
    await expect(workspaces.push(access, { sha, branch: 'nofx/run_1', expected: sha })).rejects.toThrow(
      /changed by someone else/,
    );
    expect(git(bare, 'rev-parse', 'nofx/run_1').trim()).toBe(first);
  });

  it.each([
    'main',
    'nofx',
    'nofx/',
    'nofx/a..b',
    'nofx/x.lock',
    'nofx/@{1}',
    '--orphan',
    'nofx/a:main',
    '+HEAD:main',
    'refs/heads/main',
  ])('refuses the branch %s', async (branch) => {
    const { access, bare, sha } = await committed();
    const before = git(bare, 'for-each-ref');
    await expect(workspaces.push(access, { sha, branch, expected: null })).rejects.toThrow(UserError);
    expect(git(bare, 'for-each-ref')).toBe(before);
  });

  it('says what the remote said when it declines', async () => {
    const { access, bare, sha } = await committed();
    writeFileSync(
      join(bare, 'hooks', 'pre-receive'),
      '#!/bin/sh\necho "refusing to allow a GitHub App to create or update workflow \\`.github/workflows/ci.yml\\` without \\`workflows\\` permission" >&2\nexit 1\n',
      { mode: 0o755 },
    );
    await expect(workspaces.push(access, { sha, branch: 'nofx/run_1', expected: null })).rejects.toThrow(
      /may not change the workflow `\.github\/workflows\/ci\.yml`/,
    );
  });
});
