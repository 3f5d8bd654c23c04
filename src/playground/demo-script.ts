import type { ModelPlan } from '../domain/model-plan.ts';
import { turn } from './model-script.ts';
import type { ScriptRequest, Turn } from './model-script.ts';

/**
 * Canned replies for the demo's task, "add a slugify helper", on the sample repository text-kit: read, write
 * three files, run the tests where a `bash` tool is offered, sum up. Each turn follows from the request
 * alone, so that retries and parallel runs work.
 */
export function demoScript(request: ScriptRequest): Turn {
  const { turn: step, tools } = request;
  if (request.structured) return turn.json(PLAN, { thinking: 'One small helper with its test: one step will do.' });
  if (step === 0) {
    return turn.tools(
      [
        ['glob', { pattern: '**/*' }],
        ['read', { file_path: 'package.json' }],
        ['read', { file_path: 'src/index.js' }],
      ],
      { thinking: 'I look at the helpers that are there and at how they are tested before I add one.' },
    );
  }
  const index = resultOf(request, 'read', 'src/index.js');
  if (index === null)
    return turn.text(
      'I could not find `src/index.js`, so I changed nothing: this canned reply only knows the sample repository.',
    );
  const style = styleOf(index, resultOf(request, 'read', 'package.json') ?? '');
  if (step === 1) {
    return turn.tools(
      [
        ['write', { file_path: 'src/slugify.js', content: slugify(style) }],
        ['write', { file_path: 'src/index.js', content: withExport(index, style) }],
        ['write', { file_path: 'test/slugify.test.js', content: slugifyTest(style) }],
      ],
      { thinking: 'One small file for the helper, exported beside the others, with a test of its own.' },
    );
  }
  if (step === 2 && tools.includes('bash')) return turn.tool('bash', { command: 'npm test' });
  return turn.text(summary(request));
}

/** The plan for it. */
export const PLAN: ModelPlan = {
  goal: 'text-kit has a tested helper `slugify`.',
  summary:
    'The helper becomes a file of its own beside the others, is exported with them, and gets tests for words, accents and a text without letters.',
  steps: [
    {
      name: 'slugify',
      title: 'Write the helper and its tests',
      tool: 'codegen',
      prompt:
        'Write `slugify(text)` in `src/slugify.js`, export it from `src/index.js`, and test it in `test/slugify.test.js`. Accents are dropped; everything but letters and digits becomes a single hyphen.',
      depends_on: [],
      output_tokens: 1_500,
    },
  ],
  files: ['src/slugify.js', 'src/index.js', 'test/slugify.test.js'],
  risks: ['The issue does not say what becomes of letters that are not Latin; they are left out.'],
};

type Style = 'esm' | 'cjs';

function styleOf(index: string, manifest: string): Style {
  if (/\bmodule\.exports\b|\bexports\.\w/.test(index)) return 'cjs';
  return /^\s*(?:export|import)\b/m.test(index) || /"type"\s*:\s*"module"/.test(manifest) ? 'esm' : 'cjs';
}

export function slugify(style: Style): string {
  const body = `/**
 * Makes a slug for URLs out of a title: \`slugify('Crème Brûlée!')\` is \`'creme-brulee'\`.
 *
 * @param {string} text
 * @returns {string} lower-case letters, digits and single hyphens
 */
${style === 'esm' ? 'export ' : ''}function slugify(text) {
  return text
    .normalize('NFKD')
    .replace(/\\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
`;
  return style === 'esm' ? body : `${body}\nmodule.exports = { slugify };\n`;
}

export function withExport(index: string, style: Style): string {
  const start = index === '' || index.endsWith('\n') ? index : `${index}\n`;
  if (style === 'esm') return `${start}export { slugify } from './slugify.js';\n`;
  return `${start}module.exports.slugify = require('./slugify.js').slugify;\n`;
}

export function slugifyTest(style: Style): string {
  const imports =
    style === 'esm'
      ? `import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { slugify } from '../src/index.js';\n`
      : `const assert = require('node:assert/strict');\nconst { test } = require('node:test');\nconst { slugify } = require('../src/index.js');\n`;
  return `${imports}
test('slugify joins words with hyphens', () => {
  assert.equal(slugify('Hello, big  World'), 'hello-big-world');
});

test('slugify drops accents', () => {
  assert.equal(slugify('Crème Brûlée!'), 'creme-brulee');
});

test('slugify has no hyphens at the ends', () => {
  assert.equal(slugify('  --Hello--  '), 'hello');
});

test('slugify gives an empty text for one without letters or digits', () => {
  assert.equal(slugify('¡¿…?!'), '');
});
`;
}

function summary({ calls }: ScriptRequest): string {
  const run = calls.findLast((call) => call.name === 'bash');
  const failed = calls.filter((call) => call.name === 'write' && call.isError);
  if (failed.length > 0)
    return `The helper could not be written:\n\n${failed.map((call) => `- ${call.result}`).join('\n')}`;
  const tested = !run
    ? 'I had no way to run the tests here.'
    : run.result.endsWith('[exit code 0]')
      ? 'The repository’s own tests pass with it.'
      : 'The repository’s own tests did not pass when I ran them; please look at them closely.';
  return `Adds \`slugify(text)\`, which turns a title into a slug for URLs, beside the other helpers.

- \`src/slugify.js\`: the helper. Accents are dropped, everything but letters and digits becomes a single hyphen.
- \`src/index.js\`: exports it.
- \`test/slugify.test.js\`: words, accents, hyphens at the ends, and a text without letters.

${tested}`;
}

export function resultOf({ calls }: ScriptRequest, tool: string, path: string): string | null {
  const call = calls.findLast((one) => one.name === tool && one.input['file_path'] === path && !one.isError);
  return call ? call.result : null;
}
