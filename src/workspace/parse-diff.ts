import { InternalError, UserError } from '../errors.ts';

export type DiffEntry = {
  status: 'A' | 'M' | 'T' | 'D' | 'R';
  path: string;
  previousPath?: string;
  oldMode: string;
  newMode: string;
  oldSha: string;
  newSha: string;
  binary: boolean;
  /** added and removed; 0 for a binary file */
  lines: number;
};

/**
 * Reads `diff-index -z --raw --numstat`: first all raw entries (`:mode mode sha sha status`, NUL,
 * path, NUL; a rename has two paths), then all numstat ones (`added TAB deleted TAB path NUL`; a
 * rename has an empty path, then both). See git-diff-tree(1), "Raw output format".
 */
export function parseDiff(output: Buffer): DiffEntry[] {
  const fields = splitNul(output);
  const entries: DiffEntry[] = [];
  const binary = new Set<string>();
  const lines = new Map<string, number>();
  let at = 0;
  const next = (): Buffer => {
    const field = fields[at++];
    if (field === undefined) throw new InternalError('git diff output ended early');
    return field;
  };
  while (at < fields.length) {
    const head = next().toString('latin1');
    if (head.startsWith(':')) {
      const [oldMode = '', newMode = '', oldSha = '', newSha = '', letter = ''] = head.slice(1).split(' ');
      const status = letter.charAt(0);
      if (status !== 'A' && status !== 'M' && status !== 'T' && status !== 'D' && status !== 'R') {
        throw new InternalError(`git diff has a status NOFX doesn't know: ${letter}`);
      }
      const first = toPath(next());
      const renamed = status === 'R' ? { previousPath: first, path: toPath(next()) } : { path: first };
      entries.push({ status, oldMode, newMode, oldSha, newSha, binary: false, lines: 0, ...renamed });
    } else {
      const field = fields[at - 1] ?? Buffer.alloc(0);
      const start = field.indexOf(0x09, field.indexOf(0x09) + 1) + 1;
      let path = toPath(field.subarray(start));
      if (path === '') {
        next();
        path = toPath(next());
      }
      if (head.startsWith('-\t-')) binary.add(path);
      else lines.set(path, sum(head.split('\t').slice(0, 2)));
    }
  }
  return entries.map((entry) => ({ ...entry, binary: binary.has(entry.path), lines: lines.get(entry.path) ?? 0 }));
}

const sum = (counts: string[]) => counts.reduce((total, count) => total + Number(count), 0);

function splitNul(output: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  let start = 0;
  for (let end = output.indexOf(0, start); end !== -1; end = output.indexOf(0, start)) {
    fields.push(output.subarray(start, end));
    start = end + 1;
  }
  return fields;
}

function toPath(bytes: Buffer): string {
  const path = bytes.toString('utf8');
  if (Buffer.from(path).equals(bytes)) return path;
  throw new UserError(`A file's name is not valid UTF-8: ${path}`, 'Ask for a name in UTF-8.');
}
