import type { ModelPlan } from '../../src/domain/model-plan.ts';

/** A plan as a model answers it: the notes in one step. */
export const MODEL_PLAN: ModelPlan = {
  goal: 'The repository has notes.',
  summary: 'The notes become a file of their own, so that nothing else changes.',
  steps: [
    {
      name: 'notes',
      title: 'Write the notes',
      tool: 'codegen',
      prompt: 'Write notes.md with one line.',
      depends_on: [],
      output_tokens: 2_000,
    },
  ],
  files: ['notes.md'],
  risks: ['It is not clear what the notes should say.'],
};
