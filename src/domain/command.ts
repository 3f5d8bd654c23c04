import { distance } from 'fastest-levenshtein';
import { splitOptions, type OptionProblem, type RunOptions } from './command-options.ts';
import type { Role } from './role.ts';

/** What a comment asks of NOFX. */
export type Command =
  /** an empty prompt of `plan`: the issue's own text */
  | { kind: 'run' | 'plan' | 'revise'; prompt: string; options: RunOptions }
  /** of a plan: by its hash, by its run, or the one that waits */
  | { kind: 'approve'; of: string | null }
  | { kind: 'retry'; step: string | null }
  | { kind: 'cancel' | 'status' | 'rebase' | 'unlock' | 'config' | 'help' };

export type CommandKind = Command['kind'];

/** Why what was meant as a command is none. */
export type CommandProblem =
  | { kind: 'unknown_command'; word: string; suggestion: CommandKind }
  | { kind: 'missing_prompt'; command: CommandKind }
  | OptionProblem;

export type ParsedCommand =
  | { kind: 'command'; command: Command }
  | { kind: 'problem'; problem: CommandProblem }
  /** not for us */
  | { kind: 'none' };

/** What may follow each command's name on its line. */
const grammar = {
  help: 'nothing',
  plan: 'text',
  revise: 'text',
  approve: 'one word',
  retry: 'one word',
  cancel: 'nothing',
  status: 'nothing',
  rebase: 'nothing',
  unlock: 'nothing',
  config: 'nothing',
} as const satisfies Record<Exclude<CommandKind, 'run'>, 'nothing' | 'one word' | 'text'>;

type CommandWord = keyof typeof grammar;
const commandWords = Object.keys(grammar) as CommandWord[];

/** The least role that each command asks for; who may approve a plan is the repository's to say. */
export const LEAST_ROLE: Record<CommandKind, Role> = {
  help: 'triage',
  status: 'triage',
  config: 'triage',
  run: 'write',
  plan: 'write',
  revise: 'write',
  // Who may is the repository's to say (approval.ts); they may be people without a role.
  approve: 'read',
  retry: 'write',
  rebase: 'write',
  cancel: 'write',
  // It throws away what others asked for.
  unlock: 'maintain',
};

/**
 * Reads a comment. It is a command from the first line on that begins with `/nofx` outside quotes, code and HTML comments;
 * what stands above it is not part of it. The prompt is the rest of that line and all lines below.
 *
 * `plan …` and `revise …` are always commands. The others are commands only with what the grammar lets
 * follow: `/nofx cancel` is one, `/nofx cancel the order when payment fails` is a task.
 */
export function parseCommand(text: string): ParsedCommand {
  const asked = findAsked(text.replace(/\r\n?/g, '\n').split('\n'));
  if (asked === null) return { kind: 'none' };
  const { text: line, options, problem } = splitOptions(asked.line);
  if (problem) return { kind: 'problem', problem };
  const prompt = [line, ...asked.below].join('\n').trim();
  if (prompt === '') return command({ kind: 'help' });

  const [first = '', ...rest] = line.split(/\s+/);
  const word = commandWords.find((known) => known === first.toLowerCase());
  if (word && follows(grammar[word], rest)) return parseWord(word, rest, prompt.slice(first.length).trim(), options);

  const meant = /\s/.test(prompt) ? null : nearest(prompt.toLowerCase());
  if (meant) return { kind: 'problem', problem: { kind: 'unknown_command', word: prompt, suggestion: meant } };
  return command({ kind: 'run', prompt, options });
}

function command(parsed: Command): ParsedCommand {
  return { kind: 'command', command: parsed };
}

function parseWord(word: CommandWord, rest: string[], prompt: string, options: RunOptions): ParsedCommand {
  switch (word) {
    case 'plan':
      return command({ kind: 'plan', prompt, options });
    case 'revise':
      return prompt === ''
        ? { kind: 'problem', problem: { kind: 'missing_prompt', command: word } }
        : command({ kind: 'revise', prompt, options });
    case 'approve':
      return command({ kind: 'approve', of: rest[0] ?? null });
    case 'retry':
      return command({ kind: 'retry', step: rest[0] ?? null });
    default:
      return command({ kind: word });
  }
}

/** `/nofx` as a whole token. Four spaces or a tab before it would make it a code block. */
const trigger = /^ {0,3}\/nofx(?=\s|$)[ \t]*/i;

/** The line that asks, without `/nofx`, and those below it. */
function findAsked(lines: readonly string[]): { line: string; below: string[] } | null {
  /** the mark that ends the block we are in */
  let block: RegExp | null = null;
  let quoted = false;
  for (const [index, line] of lines.entries()) {
    if (block !== null) {
      if (block.test(line)) block = null;
      continue;
    }
    // Lines right below a quotation are still part of it, as GitHub shows them.
    quoted = line.trim() !== '' && (quoted || /^ {0,3}>/.test(line));
    if (quoted) continue;
    const found = trigger.exec(line);
    if (found) return { line: line.slice(found[0].length), below: lines.slice(index + 1) };
    block = opens(line);
  }
  return null;
}

/** The end of the fenced block or HTML comment that a line opens. https://spec.commonmark.org/0.31.2/#fenced-code-blocks */
function opens(line: string): RegExp | null {
  const marks = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/.exec(line)?.[1];
  if (marks) return new RegExp(String.raw`^ {0,3}${marks[0]!}{${marks.length},}\s*$`);
  const comment = line.lastIndexOf('<!--');
  return comment >= 0 && !line.includes('-->', comment) ? /-->/ : null;
}

function follows(rule: 'nothing' | 'one word' | 'text', rest: string[]): boolean {
  return rule === 'text' || rest.length <= (rule === 'one word' ? 1 : 0);
}

/** Two edits cover a swapped pair of letters. Only for single words: a sentence is never a typo. */
function nearest(word: string): CommandWord | null {
  const ranked = commandWords
    .map((known) => ({ known, edits: distance(word, known) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0]!;
  return best.edits <= 2 && best.known[0] === word[0] ? best.known : null;
}
