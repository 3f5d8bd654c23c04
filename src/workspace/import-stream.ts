/** A commit as git-fast-import(1) is told of it. */
export type ImportedCommit = {
  ref: string;
  /** author and committer, as in `Mona <mona@example.com> 1700000000 +0000` */
  who: string;
  message: string;
  /** null for one without a parent */
  from: string | null;
  merged?: readonly string[];
  removed: readonly string[];
  written: readonly { path: string; mode: string; bytes: Uint8Array }[];
  /** Has the ref be none afterwards: then only the commit stays. */
  dropRef?: boolean;
};

/** What git-fast-import(1) reads to make one commit and answer its name. Removals go first: two files may swap names, and one become a folder. */
export function importStream(commit: ImportedCommit): Buffer {
  const { ref, who, message, from, merged = [], removed, written, dropRef = false } = commit;
  const parts: (string | Uint8Array)[] = [
    `commit ${ref}\nmark :1\nauthor ${who}\ncommitter ${who}\n`,
    ...data(Buffer.from(message)),
    from === null ? '' : `from ${from}\n`,
    ...merged.map((parent) => `merge ${parent}\n`),
    ...removed.map((path) => `D ${quoted(path)}\n`),
    ...written.flatMap(({ path, mode, bytes }) => [`M ${mode} inline ${quoted(path)}\n`, ...data(bytes)]),
    '\nget-mark :1\n',
    // To git the name of no object means that the ref is none.
    dropRef ? `reset ${ref}\nfrom ${'0'.repeat(from?.length ?? 40)}\n\n` : '',
    'done\n',
  ];
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

function data(bytes: Uint8Array): (string | Uint8Array)[] {
  return [`data ${bytes.length}\n`, bytes, '\n'];
}

/** A path as a C-style string, which may hold anything. */
function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
