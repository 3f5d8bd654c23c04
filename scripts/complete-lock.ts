/**
 * Completes package-lock.json after `npm install` against a registry mirror that holds only some platforms.
 *
 * npm leaves an optional package out of the lock when the registry cannot serve it, and `npm ci` then refuses the
 * lock everywhere ("Missing: … from lock file"). The entries are written from the parent's exact version and the
 * platform in the package's name; they carry no integrity, because nobody here has seen the bytes.
 *
 *   npx node scripts/complete-lock.ts            adds what is missing
 *   npx node scripts/complete-lock.ts --check    only says so, with exit code 1
 */
import { readFileSync, writeFileSync } from 'node:fs';

type Entry = {
  version?: string;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
  [key: string]: unknown;
};
type Lock = { packages: Record<string, Entry> };

const platformName =
  /(?:^|[-/])(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/;

/** The lock entry for a platform package that nobody could download; throws when its name tells no platform. */
function placeholder(name: string, version: string, dev: boolean): Entry {
  const match = platformName.exec(name);
  if (!match) throw new Error(`${name} is missing from the lock and its name tells no platform: add it by hand`);
  if (!/^\d/.test(version)) throw new Error(`${name} is asked for as ${version}: only exact versions can be filled in`);
  const [, os = '', cpu = '', abi = ''] = match;
  const libc = os === 'linux' ? { libc: [abi.startsWith('musl') ? 'musl' : 'glibc'] } : {};
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), ...libc, optional: true, os: [os] };
}

/** Where Node would look for `name` from the package at `path`, nearest first. */
function* lookupPaths(path: string, name: string): Generator<string> {
  for (let base = path; base !== ''; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    yield `${base}/node_modules/${name}`;
  }
  yield `node_modules/${name}`;
}

function missingEntries(lock: Lock): Record<string, Entry> {
  const missing: Record<string, Entry> = {};
  for (const [path, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      if ([...lookupPaths(path, name)].some((candidate) => candidate in lock.packages)) continue;
      missing[`node_modules/${name}`] = placeholder(name, version, parent.dev ?? false);
    }
  }
  return missing;
}

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock;
const missing = missingEntries(lock);
const names = Object.keys(missing);

if (process.argv.includes('--check')) {
  for (const name of names) console.error(`missing from package-lock.json: ${name}`);
  if (names.length > 0) console.error('Run `npx node scripts/complete-lock.ts`.');
  process.exitCode = names.length > 0 ? 1 : 0;
} else if (names.length > 0) {
  const packages = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
  console.log(`added ${names.length} platform packages to package-lock.json`);
}
