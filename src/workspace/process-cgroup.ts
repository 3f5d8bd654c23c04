import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A limit on the number of processes that the kernel itself holds. */
export type Cgroup = {
  /** The command, made to enter the group before it becomes itself. */
  enter(file: string, args: readonly string[]): { file: string; args: string[] };
  /** Removes the group; its processes must be dead or dying. */
  remove(): Promise<void>;
};

const ROOT = '/sys/fs/cgroup';

/**
 * A cgroup for at most `most` processes, where this server may make one; null where it may not, as in
 * most containers: there a watcher that counts is the limit, and one that gets no processor time counts
 * late. https://docs.kernel.org/admin-guide/cgroup-v1/pids.html and …/cgroup-v2.html#pid
 */
export function openCgroup(most: number): Cgroup | null {
  const parent = ownGroup();
  if (parent === null) return null;
  const group = join(parent, `nofx-${randomUUID()}`);
  try {
    mkdirSync(group);
  } catch {
    return null;
  }
  try {
    writeFileSync(join(group, 'pids.max'), String(most));
  } catch {
    rmdirSync(group);
    return null;
  }
  return {
    enter: (file, args) => ({
      file: '/bin/sh',
      args: ['-c', 'echo 0 > "$0" && exec "$@"', join(group, 'cgroup.procs'), file, ...args],
    }),
    remove: () => remove(group),
  };
}

/**
 * Removes groups that a process which was killed in the middle of a command left behind, and gives their paths. A young one
 * may just be waiting for its command, so it stays; the kernel keeps any that has a process in it.
 */
export function tidyCgroups(olderThanMs: number): string[] {
  const parent = ownGroup();
  if (parent === null) return [];
  return readdirSync(parent)
    .filter((name) => OURS.test(name))
    .map((name) => join(parent, name))
    .filter((group) => removed(group, olderThanMs));
}

const OURS = /^nofx-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function removed(group: string, olderThanMs: number): boolean {
  try {
    if (Date.now() - statSync(group).mtimeMs < olderThanMs) return false;
    rmdirSync(group);
    return true;
  } catch {
    return false; // in use, not ours to remove, or gone meanwhile
  }
}

/** Where this process's own group is: children of it count against its limits too. */
function ownGroup(): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
    const first = lines.flatMap((line) => /^\d+:pids:(.*)$/.exec(line)?.[1] ?? []);
    const second = lines.flatMap((line) => /^0::(.*)$/.exec(line)?.[1] ?? []);
    if (first[0] !== undefined) return existing(join(ROOT, 'pids', first[0]));
    return second[0] === undefined ? null : existing(join(ROOT, second[0]));
  } catch {
    return null;
  }
}

const existing = (path: string) => (existsSync(path) ? path : null);

/** A group goes only when its last process is gone, which takes the kernel a moment. */
async function remove(group: string): Promise<void> {
  for (let wait = 1; wait < 2_000; wait *= 2) {
    try {
      rmdirSync(group);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      await sleep(wait);
    }
  }
}
