import { z } from 'zod';
import { plainOutput } from '../terminal.ts';
import { firstBytes, oneLine, visible } from '../text.ts';
import { MAX_LINE, type Finding } from './finding.ts';
import { formats } from './formats.ts';
import { generic } from './generic.ts';
import { createLocator, type Locate } from './locate.ts';

/** Something wrong at a line of a file, as GitHub shows it beside the line. */
export const Annotation = z.object({
  /** from the top of the repository */
  path: z.string(),
  /** from 1 */
  line: z.number().int().positive(),
  level: z.enum(['failure', 'warning', 'notice']),
  title: z.string().optional(),
  message: z.string(),
});
export type Annotation = z.infer<typeof Annotation>;

/** More help nobody: the first few are what is wrong. */
export const MAX_ANNOTATIONS = 100;
const MESSAGE_BYTES = 1_500;
/** GitHub takes 255 characters. */
const TITLE_BYTES = 200;
/** They are kept with the step, which is read at every update of the run's comment. */
const ALL_BYTES = 60_000;

/** What a tool's output says is wrong; `specific` from formats that are known, `vague` from lines that look like it. */
export type Findings = { specific: Finding[]; vague: Finding[] };

/** Reads a gate's output, whatever wrote it. Pure, linear in the text, and never throws. */
export function readFindings(output: string): Findings {
  // Node's stripVTControlCharacters takes time that grows with the square of a text that opens many sequences.
  const lines = plainOutput(output)
    .split('\n')
    // A cut may go through a pair of surrogates.
    .map((line) => line.slice(0, MAX_LINE).toWellFormed().trimEnd());
  return { specific: Object.values(formats).flatMap((parse) => parse(lines)), vague: generic(lines) };
}

/**
 * The findings as annotations on `files`, the paths of the commit they were made at; `root` is the folder the tool
 * ran in, for paths it tells in full. What is in no file of the commit is left out. Failures come first.
 */
export function annotationsOf(
  { specific, vague }: Findings,
  { root, files }: { root: string; files: readonly string[] },
): Annotation[] {
  const locate = createLocator(root, files);
  const annotate = (finding: Finding) => annotationOf(finding, root, locate) ?? [];
  const known = specific.flatMap(annotate);
  const all = known.length > 0 ? known : vague.flatMap(annotate);
  return bounded(withoutDoubles(all).toSorted((a, b) => rank(a) - rank(b)));
}

function annotationOf(finding: Finding, root: string, locate: Locate): Annotation | null {
  for (const place of finding.places) {
    const path = locate(place.path, finding.within);
    if (path === null || place.line < 1) continue;
    const title = finding.title && firstBytes(oneLine(finding.title), TITLE_BYTES);
    // Where the repository lies on this machine is nobody's business.
    const said = visible(finding.message).replaceAll(`${root}/`, '').trim();
    const message = firstBytes(said, MESSAGE_BYTES) || title || 'It failed here.';
    return { path, line: place.line, level: finding.level, ...(title ? { title } : {}), message };
  }
  return null;
}

function rank({ level }: Annotation): number {
  return ['failure', 'warning', 'notice'].indexOf(level);
}

/** Tools repeat failures at the end. */
function withoutDoubles(annotations: Annotation[]): Annotation[] {
  const seen = new Set<string>();
  return annotations.filter(({ path, line, message }) => {
    const key = `${path}\0${line}\0${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

function bounded(annotations: Annotation[]): Annotation[] {
  let used = 0;
  return annotations.slice(0, MAX_ANNOTATIONS).filter((one) => {
    used += Buffer.byteLength(JSON.stringify(one));
    return used <= ALL_BYTES;
  });
}
