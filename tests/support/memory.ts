import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { freemem } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const NAME = /^nofx-tests-(\d+)$/;
/** Several times what the whole suite holds there at a time. */
const ROOM_BYTES = 4 * 1024 ** 3;

/**
 * A folder in memory, gone with this process, for all that tests write: they make and remove tens of thousands of files, and
 * a disk's file system takes a tenth of their time for that. Null where there is none that programs can be run from, or too
 * little room.
 */
export function folderInMemory(): string | null {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (Math.min(bavail * bsize, freemem()) < ROOM_BYTES) return null;
    for (const name of readdirSync(MEMORY)) if (isLeft(name)) remove(join(MEMORY, name));
    const folder = join(MEMORY, `nofx-tests-${process.pid}`);
    mkdirSync(folder, { mode: 0o711 });
    process.once('exit', () => remove(folder));
    const program = join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    execFileSync(program);
    return folder;
  } catch {
    return null;
  }
}

/** Whether it is of a process that was killed, and could not remove it. */
function isLeft(name: string): boolean {
  const pid = NAME.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

const remove = (path: string) => rmSync(path, { recursive: true, force: true });
