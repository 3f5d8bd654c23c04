import { place, type Finding, type Level } from './finding.ts';

const LINE = /^((?:\.{0,2}\/|[A-Za-z0-9_@(])[^\s:]*\.[A-Za-z0-9_]{1,10}):(\d{1,7}):(?:\d{1,7}:)? (\S.*)$/;

/**
 * `path:line:column: message`, as compilers and linters by the dozen write it (gcc, clang, mypy, ruff, golangci-lint,
 * shellcheck, ESLint's `unix`): https://www.gnu.org/prep/standards/html_node/Errors.html
 */
export function generic(lines: readonly string[]): Finding[] {
  return lines.flatMap((line) => {
    const found = LINE.exec(line);
    if (!found) return [];
    const { level, message } = leveled(found[3]!);
    return [{ places: [place(found[1]!, found[2]!)], level, message }];
  });
}

/** The severity stands before the message, or (ESLint) in brackets behind it. */
function leveled(said: string): { level: Level; message: string } {
  const [before = '', word = ''] = /^(?:fatal )?(error|warning|note|info|style|hint): /i.exec(said) ?? [];
  const behind = /\[(Error|Warning)(?:\/[^\]\s]+)?\]$/.exec(said)?.[1] ?? '';
  const severity = (word || behind || 'error').toLowerCase();
  return {
    level: severity === 'error' ? 'failure' : severity === 'warning' ? 'warning' : 'notice',
    message: said.slice(before.length),
  };
}
