import type { ModelPlan } from '../domain/model-plan.ts';
import { turn, type ScriptRequest, type Turn } from './model-script.ts';

/**
 * Canned replies for a repository nobody knows: one file that says it is canned. It shows the way of a
 * change through NOFX on one's own repository before a key is at hand.
 */
export function echoScript(request: ScriptRequest): Turn {
  if (request.structured) return turn.json(PLAN);
  if (request.turn === 0) {
    const content =
      '# NOFX demo\n\nA canned reply wrote this file: no model was asked. Set ANTHROPIC_API_KEY to have the task done.\n';
    return turn.tool('write', { file_path: 'nofx-demo.md', content });
  }
  return turn.text('Adds `nofx-demo.md`. This is a canned reply: no model was asked, and the task was not done.');
}

const PLAN: ModelPlan = {
  goal: 'There is a file that says it is canned.',
  summary: 'This is a canned plan: no model was asked. It adds one file.',
  steps: [
    {
      name: 'demo',
      title: 'Add a canned file',
      tool: 'codegen',
      prompt: 'Write `nofx-demo.md`.',
      depends_on: [],
      output_tokens: 200,
    },
  ],
  files: ['nofx-demo.md'],
  risks: ['The task itself is not done: for that NOFX needs a model.'],
};
