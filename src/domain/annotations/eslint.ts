import { place, type Finding } from './finding.ts';

const ROW = /^\s+(\d{1,7}):\d{1,7}\s+(error|warning)\s+(\S.*)$/;
const COMPACT = /^(\S.*?): line (\d{1,7}), col \d{1,7}, (Error|Warning) - (.+)$/;
const HEADING = /^(\S.*\.\w+)$/;

/** ESLint's `stylish` (its default; also Stylelint's and standard's form) and `compact`. `unix` is `generic`'s. */
export function eslint(lines: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  let file: string | null = null;
  for (const line of lines) {
    const row = ROW.exec(line);
    const compact = COMPACT.exec(line);
    if (compact) findings.push(finding(compact[1]!, compact[2]!, compact[3]!, byBrackets(compact[4]!)));
    else if (row && file !== null) findings.push(finding(file, row[1]!, row[2]!, byGap(row[3]!)));
    else if (line.trim() === '') continue;
    else file = HEADING.exec(line)?.[1] ?? (row ? file : null);
  }
  return findings;
}

type Said = { message: string; rule: string | null };

function finding(path: string, line: string, severity: string, { message, rule }: Said): Finding {
  return {
    places: [place(path, line)],
    level: severity.toLowerCase() === 'error' ? 'failure' : 'warning',
    ...(rule ? { title: rule } : {}),
    message,
  };
}

/** `message  rule`: the rule stands in a column of its own. */
function byGap(text: string): Said {
  const said = text.trimEnd();
  const gap = said.lastIndexOf('  ');
  const rule = gap === -1 ? '' : said.slice(gap + 2);
  return rule !== '' && !rule.includes(' ')
    ? { message: said.slice(0, gap).trimEnd(), rule }
    : { message: said, rule: null };
}

/** `message (rule)` */
function byBrackets(text: string): Said {
  const [, rule] = /\(([^\s()]+)\)$/.exec(text) ?? [];
  return rule ? { message: text.slice(0, -rule.length - 2).trimEnd(), rule } : { message: text, rule: null };
}
