import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { processesOf } from '../chaos/facts.ts';

const SOAK = fileURLToPath(new URL('../chaos/chaos.ts', import.meta.url));

it.each(['SIGINT', 'SIGTERM'] as const)('a soak that is stopped by %s leaves nothing behind', async (signal) => {
  const tmp = await mkdtemp(join(tmpdir(), 'nofx-interrupt-'));
  // Postgres does not run as root: it must find its way in.
  await chmod(tmp, 0o711);
  try {
    const soak = spawn(process.execPath, [SOAK], { env: { ...process.env, TMPDIR: tmp }, stdio: 'ignore' });
    const exited = once(soak, 'exit');
    // A web process, two workers, and the database with its own.
    while ((await processesOf(tmp)).filter((one) => one.includes('nofx-process')).length < 3) {
      expect(soak.exitCode).toBeNull();
      await sleep(50);
    }
    soak.kill(signal);
    expect(await exited).toEqual([1, null]);
    expect(await readdir(tmp)).toEqual([]);
    expect(await processesOf(tmp)).toEqual([]);
  } finally {
    await rm(tmp, { recursive: true, force: true, maxRetries: 5 });
  }
});
