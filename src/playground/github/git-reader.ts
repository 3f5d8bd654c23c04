import { spawn } from 'node:child_process';
import { gitEnvironment } from './git.ts';

export type ObjectInfo = { sha: string; type: string; size: number };
export type ObjectContents = ObjectInfo & { bytes: Buffer };

type Question = { contents: boolean; resolve(answer: ObjectContents | null): void; reject(error: Error): void };
type Reader = { ask(command: 'info' | 'contents', name: string): Promise<ObjectContents | null> };

/** A reader that nobody asks for so long ends, ms. */
const IDLE_MS = 1_000;

const readers = new Map<string, Reader>();

/**
 * What a name stands for in a bare repository — a SHA, a ref, `<ref>^{commit}`, `<commit>:<path>` — or null where it stands
 * for nothing. Most of what GitHub is asked comes down to this, so it is not a process each time.
 */
export async function findObject(dir: string, name: string): Promise<ObjectInfo | null> {
  return readerOf(dir, name)?.ask('info', name) ?? null;
}

/** The same, with the object's bytes. */
export async function readObject(dir: string, name: string): Promise<ObjectContents | null> {
  return readerOf(dir, name)?.ask('contents', name) ?? null;
}

/** The commit's full SHA, or null when there is none; a tag is followed to its commit. */
export async function resolveCommit(dir: string, ref: string): Promise<string | null> {
  return (await findObject(dir, `${ref}^{commit}`))?.sha ?? null;
}

/** Null for a name that no object can have: it would be two questions. */
function readerOf(dir: string, name: string): Reader | null {
  if (name.includes('\n')) return null;
  let reader = readers.get(dir);
  if (!reader) {
    reader = startReader(dir, () => readers.get(dir) === reader && readers.delete(dir));
    readers.set(dir, reader);
  }
  return reader;
}

/** `git cat-file --batch-command`: a line for each question, and for each answer a line, with the bytes behind it. */
function startReader(dir: string, ended: () => void): Reader {
  const child = spawn('git', ['cat-file', '--batch-command'], {
    cwd: dir,
    env: gitEnvironment(dir),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const questions: Question[] = [];
  let unread = Buffer.alloc(0);
  const idle = setTimeout(() => {
    ended();
    child.stdin.end();
  }, IDLE_MS);

  child.stdout.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    while (questions.length > 0) {
      const answer = takeAnswer(unread, questions[0]!.contents);
      if (!answer) return;
      unread = unread.subarray(answer.length);
      questions.shift()!.resolve(answer.found);
    }
  });
  const fail = (error: Error) => {
    ended();
    clearTimeout(idle);
    for (const { reject } of questions.splice(0)) reject(error);
  };
  child.stdin.on('error', fail);
  child.once('error', fail);
  child.once('close', () => fail(new Error(`git cat-file ended in ${dir} before it had answered.`)));

  return {
    ask(command, name) {
      const { promise, resolve, reject } = Promise.withResolvers<ObjectContents | null>();
      questions.push({ contents: command === 'contents', resolve, reject });
      child.stdin.write(`${command} ${name}\n`);
      idle.refresh();
      return promise;
    },
  };
}

/** The first answer in what git has written, and how many bytes it takes; null while it is not all there. */
function takeAnswer(output: Buffer, contents: boolean): { length: number; found: ObjectContents | null } | null {
  const end = output.indexOf('\n');
  if (end < 0) return null;
  const [, sha = '', type = '', digits = '0'] =
    /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(output.toString('utf8', 0, end)) ?? [];
  if (!sha) return { length: end + 1, found: null };
  const size = Number(digits);
  const info = { sha, type, size };
  if (!contents) return { length: end + 1, found: { ...info, bytes: Buffer.alloc(0) } };
  const length = end + 1 + size + 1;
  if (output.length < length) return null;
  return { length, found: { ...info, bytes: Buffer.from(output.subarray(end + 1, length - 1)) } };
}
