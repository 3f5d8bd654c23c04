import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createArtifactStore } from '../../src/artifacts/store.ts';
import { InternalError, RetryableError, UserError } from '../../src/errors.ts';
import { startSupabase } from '../support/supabase.ts';

const PATH = 'runs/run_1/steps/step_1/src/a b.ts';
const KEY = 'runs/run_1/steps/step_1/src/a=20b.ts';

let root: string;
let logged: { level: string; message: string }[];
const log = {
  info: (_fields: object, message: string) => void logged.push({ level: 'info', message }),
  warn: (_fields: object, message: string) => void logged.push({ level: 'warn', message }),
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nofx-artifacts-'));
  logged = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('on disk', () => {
  const store = () => createArtifactStore({ localRoot: join(root, 'artifacts'), log });

  it('keeps bytes and says what they are', async () => {
    const bytes = Buffer.from([0, 255, 13, 10]);
    const ref = await store().put(PATH, bytes, 'application/octet-stream');
    expect(ref).toEqual({
      path: PATH,
      driver: 'local',
      sha256: createHash('sha256').update(bytes).digest('hex'),
      size: 4,
      contentType: 'application/octet-stream',
    });
    expect(await store().get(ref)).toEqual(bytes);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a megabyte', Buffer.alloc(1 << 20, 'x')],
  ])('keeps %s', async (_what, bytes) => {
    expect((await store().get(await store().put(PATH, bytes, 'text/plain'))).equals(bytes)).toBe(true);
  });

  it('writes for its own user only and leaves no draft behind', async () => {
    await store().put(PATH, Buffer.from('a'), 'text/plain');
    const file = join(root, 'artifacts', KEY);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'artifacts'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(file, '..'))).toEqual(['a=20b.ts']);
  });

  it('replaces what is stored again, also by many at once', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
    const refs = await Promise.all(texts.map((text) => store().put(PATH, Buffer.from(text), 'text/plain')));
    const left = await readFile(join(root, 'artifacts', KEY), 'utf8');
    expect(texts).toContain(left);
    expect(await store().get(refs[texts.indexOf(left)]!)).toEqual(Buffer.from(left));
  });

  it('keeps a/b beside a, in either order', async () => {
    const first = await store().put('s/a', Buffer.from('file'), 'text/plain');
    const second = await store().put('s/a/b', Buffer.from('inside'), 'text/plain');
    const third = await store().put('t/a/b', Buffer.from('inside'), 'text/plain');
    const fourth = await store().put('t/a', Buffer.from('file'), 'text/plain');
    const read = await Promise.all(
      [first, second, third, fourth].map(async (ref) => (await store().get(ref)).toString()),
    );
    expect(read).toEqual(['file', 'inside', 'inside', 'file']);
  });

  it('refuses a name that climbs, and writes nothing', async () => {
    await expect(store().put('runs/../../x', Buffer.from('a'), 'text/plain')).rejects.toThrow(UserError);
    expect(await readdir(root)).toEqual([]);
  });

  it('tells when an artifact was changed or is gone', async () => {
    const ref = await store().put(PATH, Buffer.from('a'), 'text/plain');
    await writeFile(join(root, 'artifacts', KEY), 'b');
    await expect(store().get(ref)).rejects.toThrow(/a b\.ts has changed since it was stored/);
    await rm(join(root, 'artifacts', KEY));
    await expect(store().get(ref)).rejects.toThrow(InternalError);
    await expect(store().get(ref)).rejects.toThrow(/a b\.ts is gone/);
  });

  it('passes on what the disk says', async () => {
    await chmod(root, 0o700);
    await writeFile(join(root, 'artifacts'), 'a file where the folder should be');
    await expect(store().put(PATH, Buffer.from('a'), 'text/plain')).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});

describe('in Supabase', () => {
  let supabase: Awaited<ReturnType<typeof startSupabase>>;
  beforeEach(async () => {
    supabase = await startSupabase();
  });
  afterEach(() => supabase.close());

  const store = (restMs = 0) => createArtifactStore({ localRoot: root, supabase: supabase.options, log, restMs });
  const objects = () => supabase.buckets.get('nofx-artifacts')?.objects;

  it('makes a private bucket once and stores there, not on disk', async () => {
    const artifacts = store();
    const ref = await artifacts.put(PATH, Buffer.from('a'), 'text/x-typescript');
    await artifacts.put(`${PATH}2`, Buffer.from('b'), 'text/plain');
    expect(ref.driver).toBe('supabase');
    expect(supabase.buckets.get('nofx-artifacts')?.public).toBe(false);
    expect(objects()?.get(KEY)).toEqual({ bytes: Buffer.from('a'), contentType: 'text/x-typescript' });
    expect(supabase.requests.filter((request) => request.includes('/bucket'))).toHaveLength(2);
    expect(await readdir(root)).toEqual([]);
    expect(await artifacts.get(ref)).toEqual(Buffer.from('a'));
  });

  it('uses a bucket that is there, replaces, and takes any name', async () => {
    supabase.buckets.set('nofx-artifacts', { public: false, objects: new Map() });
    const artifacts = store();
    await artifacts.put('s/ünï %?#[1].bin', Buffer.from('a'), 'text/plain');
    const ref = await artifacts.put('s/ünï %?#[1].bin', Buffer.from([0, 128]), 'text/plain');
    expect(await artifacts.get(ref)).toEqual(Buffer.from([0, 128]));
    expect(ref.driver).toBe('supabase');
    expect(logged).toEqual([]);
  });

  it('falls back to disk while it is down, says so once, and comes back', async () => {
    const artifacts = store();
    const before = await artifacts.put('s/before', Buffer.from('1'), 'text/plain');
    supabase.setDown(true);
    const during = await artifacts.put('s/during', Buffer.from('2'), 'text/plain');
    await artifacts.put('s/during2', Buffer.from('2'), 'text/plain');
    expect(during.driver).toBe('local');
    expect(await artifacts.get(during)).toEqual(Buffer.from('2'));
    await expect(artifacts.get(before)).rejects.toThrow(RetryableError);

    supabase.setDown(false);
    const after = await artifacts.put('s/after', Buffer.from('3'), 'text/plain');
    expect(after.driver).toBe('supabase');
    expect(await artifacts.get(before)).toEqual(Buffer.from('1'));
    expect(await artifacts.get(during)).toEqual(Buffer.from('2'));
    expect(logged.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('leaves it alone for a while after a failure', async () => {
    const artifacts = store(3_600_000);
    supabase.setDown(true);
    await artifacts.put('s/a', Buffer.from('1'), 'text/plain');
    const asked = supabase.requests.length;
    await artifacts.put('s/b', Buffer.from('1'), 'text/plain');
    expect(supabase.requests).toHaveLength(asked);
  });

  it('falls back to disk when nobody listens', async () => {
    const gone = await startSupabase();
    await gone.close();
    const artifacts = createArtifactStore({ localRoot: root, supabase: gone.options, log });
    const ref = await artifacts.put('s/a', Buffer.from('1'), 'text/plain');
    expect(ref.driver).toBe('local');
    expect(await artifacts.get(ref)).toEqual(Buffer.from('1'));
  });

  it.each([
    ['the key is wrong', () => ({ ...supabase.options, serviceRoleKey: 'no' })],
    [
      'the bucket is open to everyone',
      () => (supabase.buckets.set('nofx-artifacts', { public: true, objects: new Map() }), supabase.options),
    ],
  ])('keeps to the disk when %s', async (_why, options) => {
    const artifacts = createArtifactStore({ localRoot: root, supabase: options(), log });
    expect((await artifacts.put('s/a', Buffer.from('1'), 'text/plain')).driver).toBe('local');
    expect(logged).toHaveLength(1);
  });

  it('tells when an artifact was changed, is gone, or cannot be asked for', async () => {
    const ref = await store().put(PATH, Buffer.from('a'), 'text/plain');
    objects()!.get(KEY)!.bytes = Buffer.from('b');
    await expect(store().get(ref)).rejects.toThrow(/has changed since it was stored/);
    objects()!.delete(KEY);
    await expect(store().get(ref)).rejects.toThrow(/is gone \(supabase\)/);
    await expect(createArtifactStore({ localRoot: root, log }).get(ref)).rejects.toThrow(/not configured/);
  });
});

describe('removing', () => {
  it('takes the bytes from the disk, with folders that are empty then, and may be done twice', async () => {
    const store = createArtifactStore({ localRoot: root, log });
    const [ref, kept] = [
      await store.put(PATH, Buffer.from('x'), 'text/plain'),
      await store.put('runs/run_2/steps/s/a', Buffer.from('y'), 'text/plain'),
    ];
    await store.remove(ref);
    await store.remove(ref);
    await expect(store.get(ref)).rejects.toThrow('is gone');
    expect(await readdir(join(root, 'runs'))).toEqual(['run_2']);
    expect((await store.get(kept)).toString()).toBe('y');
  });

  it('takes the bytes from Supabase; RetryableError while it does not answer', async () => {
    const supabase = await startSupabase();
    try {
      const store = createArtifactStore({ localRoot: root, supabase: supabase.options, log });
      const ref = await store.put(PATH, Buffer.from('x'), 'text/plain');
      supabase.setDown(true);
      await expect(store.remove(ref)).rejects.toBeInstanceOf(RetryableError);
      supabase.setDown(false);
      await store.remove(ref);
      await store.remove(ref);
      expect([...supabase.buckets.values()][0]!.objects.size).toBe(0);
    } finally {
      await supabase.close();
    }
  });

  it('takes whole runs that nobody knows any more, once they are old', async () => {
    const store = createArtifactStore({ localRoot: root, log });
    for (const id of ['run_1', 'run_2']) await store.put(`runs/${id}/steps/s/a`, Buffer.from(id), 'text/plain');
    const known = async () => new Set(['run_2']);
    expect(await store.tidy({ known, olderThanMs: 3_600_000 })).toEqual([]);
    expect(await store.tidy({ known, olderThanMs: 0 })).toEqual([join(root, 'runs', 'run_1')]);
  });
});
