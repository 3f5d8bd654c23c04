import { once } from 'node:events';
import { execFile, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

/** Makes a bare repository with `files` text files of 1–8 KB on `main` and a history of `commits`; the same one every time. */
export async function generateRepository(path: string, options: { files: number; commits: number }): Promise<string> {
  const env = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  await promisify(execFile)('git', ['init', '--quiet', '--bare', '--initial-branch=main', path], { env });
  const git = spawn('git', ['--git-dir', path, 'fast-import', '--quiet'], {
    env,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(git, 'exit');
  await pipeline(Readable.from(history(options)), git.stdin);
  const [code] = await ended;
  if (code !== 0) throw new Error(`git fast-import ended with ${String(code)}`);
  return path;
}

/** The stream git-fast-import(1) reads: all files first, then commits that change a few each. */
function* history({ files, commits }: { files: number; commits: number }): Generator<string> {
  for (let commit = 0; commit < commits; commit += 1) {
    const message = `change ${commit}`;
    yield `commit refs/heads/main\ncommitter Bench <bench@example.com> ${1_700_000_000 + commit * 60} +0000\ndata ${message.length}\n${message}\n`;
    const changed = commit === 0 ? files : 10;
    for (let i = 0; i < changed; i += 1) {
      const file = commit === 0 ? i : (commit * 7919 + i * 104_729) % files;
      const content = contentOf(file, commit);
      yield `M 100644 inline src/part${file % 50}/module${file}.ts\ndata ${content.length}\n${content}\n`;
    }
  }
}

function contentOf(file: number, commit: number): string {
  const lines = 20 + ((file * 31) % 140);
  return Array.from(
    { length: lines },
    (_, line) =>
      `export const value${line} = ${(file * 2_654_435_761 + line * 40_503) % 1_000_003}; // ${file}.${commit}\n`,
  ).join('');
}
