import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Annotation } from './annotations/annotations.ts';
import { MAX_LINE } from './annotations/finding.ts';
import { plainOutput } from './terminal.ts';

/**
 * What is kept of how a gate failed, to tell by it whether another failure is the same: hashes, without what differs from
 * one run of a command to the next.
 */
export const FailurePrint = z.object({
  /** of all that was printed; null where that was nothing, or not all of it is known */
  said: z.string().nullable(),
  /** of the lines that tell of failure; null where there are none, or not all are known */
  signs: z.string().nullable(),
  /** of each annotation */
  findings: z.array(z.string()),
});
export type FailurePrint = z.infer<typeof FailurePrint>;

/** How a gate's command ended on the base commit, without the change. Found out once for a run and a command. */
export const OnBase = z.object({
  sha: z.string(),
  /** `unknown`: it came to no verdict of its own there, for want of time or because its set-up failed */
  state: z.enum(['passed', 'failed', 'unknown']),
  exitCode: z.number().nullable(),
  /** the last lines of what it printed, redacted */
  tail: z.string(),
  print: FailurePrint,
});
export type OnBase = z.infer<typeof OnBase>;

/** What a gate that failed knows of its command's failing on the base as well. */
export const BaseRed = z.object({
  sha: z.string(),
  exitCode: z.number().nullable(),
  tail: z.string(),
  /** `same`: nothing that fails with the change does not fail without it. `more`: something does. `unclear`: it cannot be told. */
  compared: z.enum(['same', 'more', 'unclear']),
  /** which of the gate's annotations are not there without the change, by their place among them */
  fresh: z.array(z.number().int()),
});
export type BaseRed = z.infer<typeof BaseRed>;

/** `places` are the folders that a command ran in, and kept its things in: others the next time. Pure, linear in the output. */
export function printOf(
  output: string,
  annotations: readonly Annotation[],
  places: readonly string[] = [],
): FailurePrint {
  const lines = plainOutput(output)
    .split('\n')
    .map((line) => steady(line, places))
    .filter((line) => line !== '');
  const signs = lines.filter((line) => FAILING.test(line) && !PASSING.test(line)).toSorted();
  const isWhole = !LEFT_OUT.test(output);
  return {
    said: isWhole && lines.length > 0 ? hash(lines) : null,
    signs: isWhole && signs.length > 0 ? hash(signs) : null,
    findings: annotations.map(({ path, title = '', message }) => hash([path, title, steady(message, places)])),
  };
}

/** The failure with the change, held against the one without it. Null where the command did not fail there. Pure. */
export function compareWithBase(
  { exitCode, print }: { exitCode: number | null; print: FailurePrint },
  base: OnBase,
): BaseRed | null {
  if (base.state !== 'failed') return null;
  const { sha, tail } = base;
  const fresh = without(print.findings, base.print.findings);
  const isSame =
    exitCode === base.exitCode &&
    print.findings.length === base.print.findings.length &&
    (print.signs === null ? print.said !== null && print.said === base.print.said : print.signs === base.print.signs);
  const compared = fresh.length > 0 ? 'more' : isSame ? 'same' : 'unclear';
  return { sha, exitCode: base.exitCode, tail, compared, fresh };
}

/**
 * Whether a gate that failed says nothing of the change: it fails in the same way without it. Where it was what the run was to
 * mend, it says that it was not mended. Pure.
 */
export function isExcused(base: BaseRed | null, { gate, task }: { gate: string; task: string }): boolean {
  return base?.compared === 'same' && !asksToMend(task, gate);
}

/** Whether what is asked for is that a check passes again: "fix the failing tests", "the build is broken". */
function asksToMend(task: string, gate: string): boolean {
  const check = `\\b(?:tests?|suite|specs?|build|ci|lint\\w*|checks|gates?|pipeline|${gate})\\b`;
  const mend = '\\b(?:fix|mend|repair|fail|br[eo]k|break|red|green|pass|flak)\\w*';
  const near = '[^.!?\\n]{0,40}?';
  return new RegExp(`${check}${near}${mend}|${mend}${near}${check}`, 'i').test(task);
}

const FAILING = /fail|error|exception|panic|fatal|not ok|✖|✗|✘|×|❌/i;
const PASSING = /^\s*(?:✔|✓|√|ok\b|PASS)/;
/** What bounded-output.ts writes in the stead of what was too much. */
const LEFT_OUT = /^\[… \d+ bytes left out …\]$/m;

/** A line without what is another each time: places, times, durations, ids, where in a file, and how much else has passed. */
function steady(line: string, places: readonly string[]): string {
  const placed = places.reduce((text, place) => text.replaceAll(place, ''), line.slice(0, MAX_LINE));
  return placed
    .replace(/\d{4}-\d\d-\d\d[T _]?[\d:_.,-]*Z?/g, '')
    .replace(/\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?/g, '')
    .replace(/\b\d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|sec|secs|seconds?|m|min|minutes?)\b/g, '')
    .replace(/\bduration_ms:? [\d.]+/g, '')
    .replace(/\b0x[0-9a-f]+|\b(?=[a-f]*\d)[0-9a-f]{7,}\b/gi, '')
    .replace(/\(node:\d+\)|\bpid[ =:]*\d+/gi, '')
    .replace(/:\d+(?::\d+)?\b|\(\d+,\d+\)|\bline \d+/g, '')
    .replace(/\bnot ok \d+/g, 'not ok')
    .replace(/\b\d+ (?:tests? )?(?:pass\w*|total|skipped|ignored)\b|\(\d+(?: tests?)?\)/g, '')
    .replace(/([=\-─━⎯*~_.])\1+/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The places in `all` of what is not in `known`, as often as it is there. */
function without(all: readonly string[], known: readonly string[]): number[] {
  const left = new Map<string, number>();
  for (const one of known) left.set(one, (left.get(one) ?? 0) + 1);
  return all.flatMap((one, at) => {
    const count = left.get(one) ?? 0;
    left.set(one, count - 1);
    return count > 0 ? [] : [at];
  });
}

function hash(texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
}
