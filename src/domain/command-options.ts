import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { isBranchName } from './refs.ts';
import { GitMode } from './project.ts';

/** What a comment settles for its one run, over the repository's configuration. */
export const RunOptions = z.object({
  /** the id of the model that writes the code */
  model: z.string().optional(),
  /** the branch to start from, and to open the pull request to */
  base: z.string().optional(),
  draft: z.boolean().optional(),
  /** false: the work is pushed, and no pull request opened */
  openPr: z.boolean().optional(),
  /** what it may cost; never more than the limits of repository and server */
  budgetUsd: z.number().positive().optional(),
  gitMode: GitMode.optional(),
});
export type RunOptions = z.infer<typeof RunOptions>;

export type OptionProblem =
  | { kind: 'unknown_option'; option: string; suggestion: string | null }
  | { kind: 'bad_value'; option: string; expected: string };

type Read<T> = { value: T } | { expected: string };

/** The options there are: those with a reader take a value. */
const options = {
  model: (value: string): Read<RunOptions> =>
    /^[\w.:@/-]{1,100}$/.test(value) ? { value: { model: value } } : { expected: 'the id of a model' },
  base: (value: string): Read<RunOptions> =>
    isBranchName(value) ? { value: { base: value } } : { expected: 'the name of a branch' },
  budget: (value: string): Read<RunOptions> => {
    const usd = /^\$?\d{1,5}(?:\.\d{1,4})?$/.test(value) ? Number(value.replace('$', '')) : 0;
    return usd > 0 ? { value: { budgetUsd: usd } } : { expected: 'an amount of US dollars, such as 2.50' };
  },
  mode: (value: string): Read<RunOptions> => {
    const mode = GitMode.safeParse(value.toLowerCase());
    return mode.success ? { value: { gitMode: mode.data } } : { expected: `one of ${GitMode.options.join(', ')}` };
  },
  draft: { draft: true },
  'no-pr': { openPr: false },
} as const satisfies Record<string, RunOptions | ((value: string) => Read<RunOptions>)>;

type Name = keyof typeof options;
const names = Object.keys(options) as Name[];

/** How they are written, for the help. */
export const OPTION_USAGE =
  '`--model <id>`, `--base <branch>`, `--budget <dollars>`, `--mode <mode>`, `--draft`, `--no-pr`';

/**
 * Takes the options off the end of a line: all that follows a lone `--`, or else a row of options at the end. What
 * merely looks like one (`add a --verbose flag`, `support --watch`) stays part of the text.
 */
export function splitOptions(line: string): { text: string; options: RunOptions; problem: OptionProblem | null } {
  const words = [...line.matchAll(/\S+/g)];
  for (const [index, word] of words.entries()) {
    const separated = word[0] === '--';
    const given =
      separated || /^--\w/.test(word[0]) ? scan(words.slice(index + (separated ? 1 : 0)).map(([w]) => w)) : null;
    if (given === null || !(separated || given.some(isMeant))) continue;
    return { text: line.slice(0, word.index).trim(), ...read(given) };
  }
  return { text: line.trim(), options: {}, problem: null };
}

type Given = { option: string; value: string | null };

/** The words as a row of options, each with its value; null where they are not one. */
function scan(words: readonly string[]): Given[] | null {
  if (words.length === 0) return null;
  const given: Given[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const found = /^--([\w-]+)(?:=(.*))?$/.exec(words[index]!);
    if (!found) return null;
    const option = found[1]!.toLowerCase();
    let value = found[2] ?? null;
    const next = words[index + 1];
    if (value === null && takesValue(option) && next !== undefined && !next.startsWith('--')) {
      value = next;
      index += 1;
    }
    given.push({ option, value });
  }
  return given;
}

function takesValue(option: string): boolean {
  return isKnown(option) && typeof options[option] === 'function';
}

function isKnown(option: string): option is Name {
  return Object.hasOwn(options, option);
}

function isMeant({ option }: Given): boolean {
  return isKnown(option) || nearest(option) !== null;
}

function nearest(option: string): Name | null {
  return names.find((name) => name[0] === option[0] && distance(name, option) <= 2) ?? null;
}

function read(given: readonly Given[]): { options: RunOptions; problem: OptionProblem | null } {
  const all: RunOptions = {};
  for (const { option, value } of given) {
    if (!isKnown(option)) {
      return { options: {}, problem: { kind: 'unknown_option', option, suggestion: nearest(option) } };
    }
    const known = options[option];
    const one: Read<RunOptions> =
      typeof known === 'function' ? known(value ?? '') : value === null ? { value: known } : { expected: 'no value' };
    if ('expected' in one) return { options: {}, problem: { kind: 'bad_value', option, expected: one.expected } };
    Object.assign(all, one.value);
  }
  return { options: all, problem: null };
}
