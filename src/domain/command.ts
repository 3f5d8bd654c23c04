import { distance } from 'fastest-levenshtein';

/** What a comment asks of NOFX. */
export type Command =
  | { kind: 'run'; prompt: string }
  | { kind: 'help' }
  /** Nothing is run; `message` is the answer, one paragraph of markdown. */
  | { kind: 'reply'; message: string }
  /** Not for us. */
  | { kind: 'ignore' };

/**
 * The commands NOFX will know, and what may follow each on its line. `help` works today; a prompt
 * that happens to begin like one of the others must not be run by accident.
 */
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
} as const satisfies Record<string, 'nothing' | 'one word' | 'text'>;

type CommandWord = keyof typeof grammar;
const commandWords = Object.keys(grammar) as CommandWord[];

/** `/nofx` as a whole token. Four spaces or a tab before it would make it a code block. */
const trigger = /^ {0,3}\/nofx(?=\s|$)[ \t]*/i;

/**
 * Reads a comment. It is a command when its first line begins with `/nofx`; so a quoted (`>`), fenced
 * or indented `/nofx` is none. The prompt is the rest of that line and all lines below.
 *
 * `plan …` and `revise …` are always commands. The others are commands only with what the grammar lets
 * follow: `/nofx cancel` is one, `/nofx cancel the order when payment fails` is a task.
 */
export function parseCommand(text: string): Command {
  const body = text.replace(/\r\n?/g, '\n').replace(/^(?:[ \t]*\n)+/, '');
  const found = trigger.exec(body);
  if (!found) return { kind: 'ignore' };

  const prompt = body.slice(found[0].length).trim();
  if (prompt === '') return { kind: 'help' };

  const firstLine = body.slice(found[0].length).split('\n', 1)[0]!.trim();
  const [word, ...rest] = firstLine.split(/\s+/);
  const known = commandWords.find((command) => command === word?.toLowerCase());
  if (known && follows(grammar[known], rest)) return known === 'help' ? { kind: 'help' } : notYet(known);

  const typo = /\s/.test(prompt) ? undefined : nearest(prompt.toLowerCase());
  if (typo) return { kind: 'reply', message: unknownCommand(prompt, typo) };
  return { kind: 'run', prompt };
}

function follows(rule: 'nothing' | 'one word' | 'text', rest: string[]): boolean {
  return rule === 'text' || rest.length <= (rule === 'one word' ? 1 : 0);
}

function notYet(word: CommandWord): Command {
  const instead =
    word === 'plan' || word === 'revise'
      ? 'To have something done now, say it in other words: `/nofx <what you want>` starts a new run.'
      : '`/nofx <what you want>` starts a run; `/nofx help` lists what works today.';
  return {
    kind: 'reply',
    message: `\`/nofx ${word}\` is not in this version of NOFX yet, so nothing was started. ${instead}`,
  };
}

/** Two edits cover a swapped pair of letters. Only for single words: a sentence is never a typo. */
function nearest(word: string): CommandWord | undefined {
  const ranked = commandWords
    .map((command) => ({ command, edits: distance(word, command) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0]!;
  return best.edits <= 2 && best.command[0] === word[0] ? best.command : undefined;
}

function unknownCommand(word: string, suggestion: CommandWord): string {
  // A near miss of a command word is at most a few letters long, but may hold any of them.
  const shown = word.replace(/[^\p{L}\p{N}_-]/gu, '');
  return (
    `unknown command "${shown}". Did you mean "${suggestion}"? \`/nofx help\` lists them. ` +
    'If it is a task, say it in a few more words.'
  );
}
