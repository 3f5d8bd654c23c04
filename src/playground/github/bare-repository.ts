import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { importStream } from '../../workspace/import-stream.ts';
import { branchesOf, git, gitMaybe } from './git.ts';
import { personLine, type Person } from './git-objects.ts';

/** A file's content, or its content and mode (`100755` for an executable, `120000` for a symlink). */
export type FileContent = string | Uint8Array | { content: string | Uint8Array; mode: string };

/**
 * Refuses pushes as GitHub does: to protected branches, and of workflow files without the permission
 * for them. It learns both from the environment that `git-http.ts` sets.
 */
const UPDATE_HOOK = `#!/bin/sh
ref=$1 old=$2 new=$3
case " $STAND_IN_PROTECTED " in *" $ref "*)
  echo "error: GH006: Protected branch update failed for $ref." >&2
  echo "error: Changes must be made through a pull request." >&2
  exit 1
  ;;
esac
[ "$STAND_IN_WORKFLOWS" = yes ] && exit 0
case $new in *[!0]*) ;; *) exit 0 ;; esac
case $old in *[!0]*) from=$old ;; *) from=$(git merge-base "$STAND_IN_DEFAULT" "$new") || exit 0 ;; esac
git diff --name-only --diff-filter=d "$from" "$new" -- .github/workflows | while read -r file; do
  echo "refusing to allow a GitHub App to create or update workflow \\\`$file\\\` without \\\`workflows\\\` permission" >&2
  exit 1
done
`;

/** Makes an empty bare repository in `dir`, ready to be pushed to over HTTP. */
export async function initBare(dir: string, defaultBranch: string): Promise<void> {
  for (const folder of ['objects', 'refs/heads']) await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(dir, 'HEAD'), `ref: refs/heads/${defaultBranch}\n`);
  await writeFile(join(dir, 'config'), '[core]\n  repositoryformatversion = 0\n  bare = true\n');
  await configure(dir);
}

/** Makes a bare copy of a local repository and gives its default branch: the one that is checked out there. */
export async function copyBare(dir: string, from: string): Promise<string> {
  await execa('git', ['clone', '--quiet', '--bare', '--no-hardlinks', '--template=', '--', from, dir]);
  await git(dir, ['remote', 'remove', 'origin']);
  await configure(dir);
  const head = await gitMaybe(dir, ['symbolic-ref', '--short', 'HEAD']);
  return head ?? [...(await branchesOf(dir)).keys()][0] ?? 'main';
}

/** It ends with its process: nothing needs to outlive a loss of power. */
const CONFIG = `
[core]
  fsync = none
[fastimport]
  unpackLimit = 1
[http]
  receivepack = true
[receive]
  autogc = false
  hideRefs = refs/pull
[gc]
  auto = 0
[uploadpack]
  allowFilter = true
  allowReachableSHA1InWant = true
`;

async function configure(dir: string): Promise<void> {
  await appendFile(join(dir, 'config'), CONFIG);
  await mkdir(join(dir, 'hooks'), { recursive: true });
  await writeFile(join(dir, 'hooks', 'update'), UPDATE_HOOK, { mode: 0o755 });
}

/** Commits files (null removes one) on a branch, which is made when it is not there. Gives the SHA. */
export async function commitFiles(
  dir: string,
  input: { branch: string; from?: string; files: Record<string, FileContent | null>; message: string; author: Person },
): Promise<string> {
  const branches = await branchesOf(dir);
  const parent = branches.get(input.branch) ?? (input.from ? branches.get(input.from) : undefined);
  const entries = Object.entries(input.files);
  const stream = importStream({
    ref: `refs/heads/${input.branch}`,
    who: personLine(input.author),
    message: `${input.message}\n`,
    from: parent ?? null,
    removed: entries.flatMap(([path, file]) => (file === null ? path : [])),
    written: entries.flatMap(([path, file]) => (file === null ? [] : { path, ...bytesOf(file) })),
  });
  return git(dir, ['fast-import', '--quiet', '--done'], { input: stream });
}

function bytesOf(file: FileContent): { mode: string; bytes: Buffer } {
  const { content, mode } = typeof file === 'object' && 'mode' in file ? file : { content: file, mode: '100644' };
  return { mode, bytes: Buffer.from(content) };
}
