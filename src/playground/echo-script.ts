import { turn, type ScriptRequest, type Turn } from './model-script.ts';

/**
 * Canned replies for a repository nobody knows: one file that says it is canned. It shows the way of a
 * change through NOFX on one's own repository before a key is at hand.
 */
export function echoScript(request: ScriptRequest): Turn {
  if (request.turn === 0) {
    const content =
      '# NOFX demo\n\nA canned reply wrote this file: no model was asked. Set ANTHROPIC_API_KEY to have the task done.\n';
    return turn.tool('write', { file_path: 'nofx-demo.md', content });
  }
  return turn.text('Adds `nofx-demo.md`. This is a canned reply: no model was asked, and the task was not done.');
}
