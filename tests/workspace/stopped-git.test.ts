import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { borrowLocal } from '../../src/workspace/mirror.ts';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import { anywhere, makeRepository, project, tempFolder } from '../support/repository.ts';
import { alive } from './sandbox.ts';

const folder = tempFolder();
/** A host that takes every connection and never says a word. */
const sockets: Socket[] = [];
const silent = createServer((socket) => void sockets.push(socket.on('error', () => {})));
const origin = () => `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
beforeAll(async () => void (await once(silent.listen(0, '127.0.0.1'), 'listening')));
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  folder.remove();
});

/** The way to look at a branch of the silent host, with a mirror there, and to give it up; it ends with why. */
async function opened(workspaces: ReturnType<typeof createWorkspaces>, name: string) {
  const controller = new AbortController();
  const access = {
    project: project({ id: name, repoUrl: `${origin()}/${name}.git` }),
    credentials: async () => null,
    signal: controller.signal,
  };
  await workspaces.has(access, { sha: '1'.repeat(40), branch: 'nofx/1' });
  return {
    ask: () => workspaces.resolve(access, 'main').catch((error: Error) => error.message),
    stop: () => controller.abort(new Error(`${name} was cancelled`)),
  };
}

it('ends with all of its helpers, and whoever waits for a turn of git ends at once', async () => {
  const options = { findRoute: anywhere, root: join(folder.path, 'root'), path: process.env['PATH'] ?? '' };
  const workspaces = createWorkspaces({ ...options, allowHttp: true, gitAtOnce: 1 });
  const [first, second] = [await opened(workspaces, 'first'), await opened(workspaces, 'second')];
  const ended = [first.ask()];
  await expect.poll(() => sockets.length).toBe(1);
  ended.push(second.ask());
  const late = new Promise((resolve) => setTimeout(() => resolve('late'), 2_000).unref());
  second.stop();
  expect(await Promise.race([ended[1], late])).toBe('second was cancelled');
  expect(alive(`${origin()}/first.git`)).toBe(true);
  first.stop();
  expect(await Promise.race([ended[0], late])).toBe('first was cancelled');
  expect(alive(`${origin()}/first.git`)).toBe(false);
});

it('finds what it borrows of a repository on this disk at every moment', async () => {
  const { work } = makeRepository(folder.path, 'theirs', { 'a.txt': 'a\n' });
  const path = join(folder.path, 'mirror');
  const borrow = () => borrowLocal({ path, place: { gitDir: path } }, { gitDir: join(work, '.git') });
  await borrow();
  const file = join(path, 'objects', 'info', 'alternates');
  let over = false;
  const borrowing = Promise.all(Array.from({ length: 50 }, borrow)).finally(() => (over = true));
  while (!over) {
    expect(existsSync(file) && readFileSync(file, 'utf8')).toBe(`${join(work, '.git', 'objects')}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await borrowing;
});
