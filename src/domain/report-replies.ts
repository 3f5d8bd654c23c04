import { plain } from './markdown.ts';
import type { GitMode } from './project.ts';
import { mention } from './report-words.ts';

/** The one short answer to somebody who may not start a run. */
export function renderRefusal(refused: { login: string; permission: string; gitMode: GitMode }): string {
  const ask =
    refused.gitMode === 'hidden'
      ? 'Ask someone who manages this project to start it for you.'
      : 'Ask a maintainer for the write role, or to comment the command for you.';
  return (
    `${mention(refused.login)}, NOFX starts work only for people who may write to this repository; ` +
    `your role here is ${plain(refused.permission, 40)}. ${ask}`
  );
}

/** The answer to `/nofx help`. It names only what works. */
export function renderHelp(options: { gitMode: GitMode }): string {
  const result = options.gitMode === 'hidden' ? 'a result you can review' : 'a tested pull request';
  return [
    `**NOFX** turns what you ask for into ${result}.`,
    [
      `- \`/nofx <what you want>\` as the first line of a comment starts a run. Further lines belong to the task.`,
      `- The label \`nofx\` on an issue starts a run with the issue's own text.`,
      `- \`/nofx help\` shows this.`,
    ].join('\n'),
    options.gitMode === 'hidden'
      ? 'You need write access to the project. Progress is shown in one comment.'
      : 'You need the write role. Progress is shown in one comment and in the check run `NOFX`; the default branch is never touched.',
  ].join('\n\n');
}
