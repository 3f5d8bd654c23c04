/** One file of a unified diff. */
export type FileDiff = {
  path: string;
  previousPath: string | null;
  added: number;
  removed: number;
  /** its hunks, without the lines that name the file */
  lines: DiffLine[];
};

export type DiffLine = { kind: 'hunk' | 'added' | 'removed' | 'same'; text: string };

/** Reads a unified diff as `git diff` writes it. What is not a hunk (modes, binary patches) is told by no line. Pure. */
export function readDiff(text: string): FileDiff[] {
  return text
    .split(/^(?=diff --git )/m)
    .filter((part) => part.startsWith('diff --git '))
    .map(readFile);
}

function readFile(part: string): FileDiff {
  const all = part.replace(/\n$/, '').split('\n');
  const first = all.findIndex((line) => line.startsWith('@@'));
  const head = first === -1 ? all : all.slice(0, first);
  const lines = first === -1 ? [] : all.slice(first).map(readLine);
  const named = (prefix: string) => head.find((line) => line.startsWith(prefix))?.slice(prefix.length);
  const [, whole = ''] = /^diff --git "?a\/.* "?b\/(.*?)"?$/.exec(head[0]!) ?? [];
  return {
    path: named('rename to ') ?? named('+++ b/') ?? named('--- a/') ?? whole,
    previousPath: named('rename from ') ?? null,
    added: lines.filter(({ kind }) => kind === 'added').length,
    removed: lines.filter(({ kind }) => kind === 'removed').length,
    lines,
  };
}

const KINDS: Record<string, DiffLine['kind']> = { '@': 'hunk', '+': 'added', '-': 'removed' };

function readLine(text: string): DiffLine {
  return { kind: KINDS[text.charAt(0)] ?? 'same', text };
}
