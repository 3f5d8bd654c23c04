import { OPTION_USAGE } from './command-options.ts';
import { LEAST_ROLE, type CommandKind, type CommandProblem } from './command.ts';
import { plain } from './markdown.ts';
import type { GitMode } from './project.ts';
import { mention } from './report-words.ts';
import type { Role } from './role.ts';

/** The one short answer to somebody who may not do what they asked for. */
export function renderRefusal(refused: { login: string; role: Role; command: CommandKind; gitMode: GitMode }): string {
  const hidden = refused.gitMode === 'hidden';
  const whom = `people with at least the role ${LEAST_ROLE[refused.command]} in this ${hidden ? 'project' : 'repository'}`;
  const what =
    refused.command === 'run' ? `NOFX starts work only for ${whom}` : `\`/nofx ${refused.command}\` is for ${whom}`;
  const ask = hidden
    ? 'Ask someone who manages this project to do it for you.'
    : 'Ask a maintainer for the role, or to comment the command for you.';
  return `${mention(refused.login)}, ${what}; your role here is ${refused.role}. ${ask}`;
}

/** Why what looked like a command is none, and what to write instead. */
export function renderProblem(problem: CommandProblem): string {
  switch (problem.kind) {
    case 'unknown_command':
      return (
        `unknown command "${bare(problem.word)}". Did you mean "${problem.suggestion}"? \`/nofx help\` lists them. ` +
        'If it is a task, say it in a few more words.'
      );
    case 'missing_prompt':
      return `\`/nofx ${problem.command}\` needs to know what you want: \`/nofx ${problem.command} <what you want>\`.`;
    case 'unknown_option': {
      const meant = problem.suggestion === null ? '' : ` Did you mean "--${problem.suggestion}"?`;
      return `unknown option "--${bare(problem.option)}", so nothing was started.${meant} There are ${OPTION_USAGE}.`;
    }
    case 'bad_value':
      return `\`--${problem.option}\` takes ${problem.expected}, so nothing was started. There are ${OPTION_USAGE}.`;
  }
}

/** A near miss is at most a few letters long, but may hold any of them. */
function bare(word: string): string {
  return plain(word.replace(/[^\p{L}\p{N}_-]/gu, ''), 60);
}

/** `hidden: null`: its very name is a word of git. */
type Line = { usage: string; hidden: string | null; basic: string };

/** What each command does, in the order in which people need them. */
const lines: Record<CommandKind, Line> = {
  run: {
    usage: '<what you want>',
    hidden: 'starts work on it. Further lines belong to the task.',
    basic: 'starts a run. Further lines belong to the task.',
  },
  plan: {
    usage: 'plan <what you want>',
    hidden: 'says first what would be done and what it would cost, and waits for a yes.',
    basic: 'makes a plan with an estimate, and waits for approval before anything is done.',
  },
  approve: {
    usage: 'approve [plan]',
    hidden: 'says yes to the plan that waits.',
    basic: 'approves the plan that waits here.',
  },
  revise: {
    usage: 'revise <what to change>',
    hidden: 'changes the result that is up for review.',
    basic: 'adds a commit to the pull request.',
  },
  retry: {
    usage: 'retry [step]',
    hidden: 'tries the last task again.',
    basic: 'does the last task again; with a step, from that step on with the code there is.',
  },
  cancel: {
    usage: 'cancel',
    hidden: 'stops the work under way here and sets it aside.',
    basic: 'stops the run under way here, and keeps what it has done on its branch.',
  },
  status: { usage: 'status', hidden: 'says how things stand here.', basic: 'says what runs here, and what was spent.' },
  rebase: {
    usage: 'rebase',
    hidden: null,
    basic: 'brings the pull request up to date with its base.',
  },
  unlock: {
    usage: 'unlock',
    hidden: 'stops and discards everything that is under way or waits here.',
    basic: 'cancels everything here that is under way, in line or waiting for approval.',
  },
  config: {
    usage: 'config',
    hidden: 'shows the settings of this project.',
    basic: 'shows the configuration that holds here, and where it comes from.',
  },
  help: { usage: 'help', hidden: 'shows this.', basic: 'shows this.' },
};

/** The answer to `/nofx help`. */
export function renderHelp({ gitMode, label }: { gitMode: GitMode; label: string }): string {
  const hidden = gitMode === 'hidden';
  const listed = Object.values(lines).flatMap(({ usage, hidden: ofHidden, basic }) => {
    const does = hidden ? ofHidden : basic;
    return does === null ? [] : [`- \`/nofx ${usage}\` ${does}`];
  });
  return [
    `**NOFX** turns what you ask for into ${hidden ? 'a result you can review' : 'a tested pull request'}.`,
    [
      ...listed,
      `- The label \`${plain(label, 60)}\` on an issue starts with the issue's own text. Taking it off before the start, or closing the issue, ends it.`,
    ].join('\n'),
    hidden ? null : `At the end of the line may stand ${OPTION_USAGE}.`,
    hidden
      ? 'A command stands at the beginning of a line. You need write access to the project. Progress is shown in one comment.'
      : `A command stands at the beginning of a line. Starting needs the role ${LEAST_ROLE.run}, asking ${LEAST_ROLE.status}, \`unlock\` ${LEAST_ROLE.unlock}. Progress is shown in one comment and in the check run \`NOFX\`; the default branch is never touched.`,
  ]
    .filter(Boolean)
    .join('\n\n');
}
