import type { FileMode } from './change-set.ts';

type Change =
  | {
      status: 'added' | 'modified' | 'renamed';
      path: string;
      mode: FileMode;
      previousMode?: FileMode;
      binary: boolean;
      bytes: Buffer;
    }
  | { status: 'deleted'; path: string };

/** GitHub takes more, but a request that it gives up on after ten seconds makes no commit. */
const MOST_BYTES = 10 * 1024 * 1024;
const MOST_FILES = 1_000;

/**
 * Why a change cannot be committed through GitHub's API, as the end of a sentence; null where it can. The API takes paths
 * and contents and no modes: what it writes is a plain file.
 */
export function whyNotVerified(changes: readonly Change[]): string | null {
  let bytes = 0;
  for (const change of changes) {
    if (change.status === 'deleted') continue;
    const { path, mode, previousMode = mode, binary } = change;
    if (mode === '120000' || previousMode === '120000') return `${path} is a link, or was one`;
    if (mode !== '100644' || previousMode !== '100644') return `${path} is executable, or was`;
    if (binary) return `${path} is no text`;
    bytes += change.bytes.length;
  }
  if (changes.length > MOST_FILES) return `it changes more than ${MOST_FILES.toLocaleString('en-US')} files`;
  return bytes > MOST_BYTES ? `its files have more than ${MOST_BYTES / 1024 / 1024} MB together` : null;
}

/** What people are told where a commit is not signed although the repository wants it. */
export function notVerified(why: string): string {
  return `The commit is not signed by GitHub: ${why}. It was pushed instead.`;
}
