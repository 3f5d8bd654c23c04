import { PLAN, resultOf, slugify, slugifyTest, withExport } from './demo-script.ts';
import { turn, type ScriptRequest, type Turn } from './model-script.ts';

/** The line of the helper that the reviewer of the tour speaks of. */
export const REVIEWED = { path: 'src/slugify.js', line: 8 };

/**
 * Canned replies for the tour: a plan; a helper that forgets about accents, so that its own test fails; the mending of it; and
 * what a reviewer asks for. Each turn follows from the request alone.
 */
export function tourScript(request: ScriptRequest): Turn {
  const { turn: step, prompt, structured } = request;
  if (structured) return turn.json(PLAN, { thinking: 'One small helper with its test: one step will do.' });
  if (prompt.includes('asked on pull request')) return heedReview(step);
  if (prompt.includes('Mend the change so that the gate passes')) return mend(step);
  if (step === 0) return turn.tools([['read', { file_path: 'src/index.js' }]]);
  if (step > 1) return turn.text('Adds `slugify(text)`, which turns a title into a slug for URLs, with tests.');
  return turn.tools(
    [
      ['write', { file_path: 'src/slugify.js', content: hasty() }],
      [
        'write',
        { file_path: 'src/index.js', content: withExport(resultOf(request, 'read', 'src/index.js') ?? '', 'esm') },
      ],
      ['write', { file_path: 'test/slugify.test.js', content: slugifyTest('esm') }],
    ],
    { thinking: 'One small file for the helper, exported beside the others, with a test of its own.' },
  );
}

/** The helper as it should be, but for the line that takes the accents off. */
function hasty(): string {
  return slugify('esm').replace(/ {4}\.normalize.*\n {4}\.replace\(.*Mark.*\n/, '');
}

function mend(step: number): Turn {
  if (step === 0) return turn.tools([['read', { file_path: 'src/slugify.js' }]]);
  if (step === 1) {
    return turn.tools([['write', { file_path: 'src/slugify.js', content: slugify('esm') }]], {
      thinking: 'The test of accents fails: they have to come off before everything else is replaced.',
    });
  }
  return turn.text(
    'Adds `slugify(text)`, which turns a title into a slug for URLs, with tests. Accents are taken off first: `é` becomes `e`.',
  );
}

function heedReview(step: number): Turn {
  if (step === 0) {
    return turn.tools([
      ['read', { file_path: 'src/slugify.js' }],
      ['read', { file_path: 'test/slugify.test.js' }],
    ]);
  }
  if (step > 1) return turn.text('`slugify` cuts at 60 characters, and never ends in a hyphen.');
  const limited = slugify('esm').replace(
    `.replace(/^-|-$/g, '')`,
    `.replace(/^-/, '')\n    .slice(0, 60)\n    .replace(/-$/, '')`,
  );
  const tests = `${slugifyTest('esm')}
test('slugify cuts what is too long', () => {
  assert.equal(slugify('a'.repeat(100)).length, 60);
});
`;
  return turn.tools([
    ['write', { file_path: 'src/slugify.js', content: limited }],
    ['write', { file_path: 'test/slugify.test.js', content: tests }],
  ]);
}
