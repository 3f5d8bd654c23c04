import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { makeRoundTrips, meta } from './round-trip.ts';
import type { ContentChange, Workspace } from '../../src/workspace/port.ts';

const { roundTrip } = makeRoundTrips();

describe('what may not be written', () => {
  /** One for all of them, for it is as it was after each. */
  let workspace: Workspace;
  beforeAll(async () => {
    const files = { a: 'a\n', out: { link: '/tmp' }, '.github/workflows/ci.yml': 'on: push\n' };
    ({ workspace } = await roundTrip(files, () => undefined));
  });
  const file = (path: string): ContentChange => ({
    status: 'added',
    path,
    mode: '100644',
    binary: false,
    bytes: Buffer.from('x'),
  });
  const link = (path: string, target: string): ContentChange =>
    ({ ...file(path), mode: '120000', bytes: Buffer.from(target) }) as ContentChange;
  it.each([
    ['traversal', file('../../etc/x')],
    ['absolute', file('/etc/x')],
    ['NUL', file('a\0b')],
    ['a hook', file('.git/hooks/x')],
    ['git in another case', file('sub/.GIT/config')],
    ['git with a space', file('.git /config')],
    ['git by its short name', file('GIT~1/config')],
    ['a workflow', file('.github/workflows/ci.yml')],
    ['our configuration', file('.github/nofx.yml')],
    ['through a symlink', file('out/x')],
    ['under a file', file('a/x')],
    ['a link outside', link('l', '../x')],
    ['an absolute link', link('l', '/etc/passwd')],
    ['a link that climbs later', link('l', 'out/../../x')],
    ['deleting what is not there', { status: 'deleted', path: 'nope' } as const],
    ['deleting a workflow', { status: 'deleted', path: '.github/workflows/ci.yml' } as const],
  ])('%s', async (_name, change) => {
    const before = await workspace.head();
    await expect(workspace.commit([file('fine'), change], meta)).rejects.toThrow(UserError);
    expect(await workspace.head()).toBe(before);
    expect(existsSync(join(workspace.path, 'fine'))).toBe(false);
  });
});
