import { joinLines, place, type Finding, type Place } from './finding.ts';

const PLACE = /^([^\s:][^:]*\.py[xi]?):(\d{1,7}):(.*)$/;

/** pytest in any `--tb` style: a section for each failure, `E` before what went wrong, `path:line:` after each frame. */
export function pytest(lines: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  let section: { title: string; places: Place[]; errors: string[] } | null = null;
  let inFailures = false;

  const close = () => {
    // The innermost frame comes last.
    if (section && section.places.length > 0)
      findings.push({
        places: section.places.toReversed(),
        level: 'failure',
        title: section.title,
        message: joinLines(section.errors),
      });
    section = null;
  };

  for (const line of lines) {
    const banner = ruled(line, '=');
    const heading = ruled(line, '_');
    const found = PLACE.exec(line);
    if (banner !== null) {
      close();
      inFailures = /^(FAILURES|ERRORS)$/.test(banner);
    } else if (!inFailures) continue;
    else if (heading !== null) {
      close();
      section = { title: heading, places: [], errors: [] };
    } else if (found && section) section.places.push(place(found[1]!, found[2]!));
    // `--tb=line` says it all in one line, under no heading.
    else if (found)
      findings.push({ places: [place(found[1]!, found[2]!)], level: 'failure', message: found[3]!.trim() });
    else if (section && /^E(\s|$)/.test(line)) section.errors.push(line.slice(1));
  }
  close();
  return findings;
}

/** `==== words ====` gives the words; null for other lines, as for `_ _ _ _`, which parts the frames of one failure. */
function ruled(line: string, rule: '=' | '_'): string | null {
  const edge = rule.repeat(3);
  if (!line.startsWith(edge) || !line.trimEnd().endsWith(rule)) return null;
  const [open, ...rest] = line.trim().split(' ');
  const close = rest.pop();
  const isRule = (part: string | undefined) => part !== undefined && part.replaceAll(rule, '') === '';
  return isRule(open) && isRule(close) && rest.length > 0 ? rest.join(' ') : null;
}
