import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';

/** What a process and all its descendants hold now. `memoryBytes` is null when there were too many to look at each. */
export type TreeUse = { processes: number; memoryBytes: number | null };

/**
 * Counts what `root` started. Inside a process namespace one directory listing shows all of it, daemons
 * included; else the children are walked. Synchronous on purpose: while a fork bomb fills the machine, each wait
 * for a thread of the pool is a chance to come too late.
 *
 * Memory is resident and not backed by files (so that shared libraries aren't counted once per process); a forked
 * copy-on-write page is counted in each process, which errs on the strict side.
 */
export function treeUse(root: number, mostProcesses: number): TreeUse {
  const inside = namespaceProc(root);
  const pids = inside ? numbers(list(inside)) : walk(root, mostProcesses);
  if (pids.length > mostProcesses) return { processes: pids.length, memoryBytes: null };
  const memoryBytes = pids.reduce((sum, pid) => sum + residentBytes(`${inside ?? '/proc'}/${pid}`), 0);
  return { processes: pids.length, memoryBytes };
}

/** The /proc of the namespace whose first process is the only child of bubblewrap's. */
function namespaceProc(root: number): string | null {
  const [child] = childrenOf(root);
  if (child === undefined) return null;
  const status = read(`/proc/${child}/status`);
  // `NSpid: 1234 1`: the process has another number in a namespace of its own.
  if (!/^NSpid:\s+\d+(\s+\d+)*\s+1$/m.test(status)) return null;
  const proc = `/proc/${child}/root/proc`;
  // Until bubblewrap has set the namespace up, this is the machine's own /proc, with everybody's processes.
  const namespace = link(`/proc/${child}/ns/pid`);
  return namespace !== null && link(`${proc}/1/ns/pid`) === namespace ? proc : null;
}

function walk(root: number, most: number): number[] {
  const seen = [root];
  for (let at = 0; at < seen.length && seen.length <= most; at++) {
    for (const pid of childrenOf(seen[at] ?? 0)) if (!seen.includes(pid)) seen.push(pid);
  }
  return seen;
}

function childrenOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).flatMap((thread) =>
    numbers(read(`/proc/${pid}/task/${thread}/children`).split(' ')),
  );
}

function residentBytes(folder: string): number {
  const status = read(`${folder}/status`);
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1024;
}

function numbers(names: string[]): number[] {
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Processes come and go while we look: what can't be read is not there. */
function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** All of this user's processes whose environment had `marker` when they began, wherever they moved since. */
export async function processesMarked(marker: string): Promise<number[]> {
  const pids = numbers(await readdir('/proc').catch(() => []));
  const marked = await Promise.all(
    pids.map(async (pid) => (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes(marker)),
  );
  return pids.filter((_, at) => marked[at]);
}
