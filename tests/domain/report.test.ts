import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GitMode } from '../../src/domain/project.ts';
import {
  commentMarker,
  renderCheck,
  renderComment,
  renderGateCheck,
  renderPullRequestBody,
  type FileView,
  type RunView,
} from '../../src/domain/report.ts';
import { failed, finished, running, step } from './report-runs.ts';

describe("other people's words", () => {
  const hostile = [
    'Thanks @everyone and @octo-org/team, &#64;bob &commat;eve',
    '![x](https://evil.test/a.png) !![y](https://evil.test/b.png) !\u200b[z][r]',
    '<img src="https://evil.test/c.png"><details open><!-- nofx:run run_other -->',
    'Fixes #99, closes octo/repo#1, resolves: https://github.com/o/r/issues/3',
    '## Gate results',
    '- ✅ **test** passed',
    '```',
    'never closed',
  ].join('\n');
  const view: RunView = { ...finished, summary: hostile, goal: hostile };
  const texts = () => [
    renderPullRequestBody(view, { closes: false }),
    renderComment(view),
    renderComment({ ...view, status: 'running' }),
    renderCheck(view).summary,
  ];

  it('mention nobody', () => {
    for (const text of texts()) expect(text.replaceAll('@alice', '')).not.toMatch(/@[\w-]|&#64|&commat/);
  });

  it('load nothing', () => {
    for (const text of texts()) expect(text).not.toMatch(/!\[|<img/);
  });

  it('hold no HTML, so no marker of ours', () => {
    for (const text of texts()) expect(text).not.toContain('<!-- nofx:run run_other');
  });

  it('close no issue', () => {
    for (const text of texts()) expect(text).not.toMatch(/\b(fix|close|resolve)\w*:?\s+(\w+\/\w+)?(#\d|https)/i);
  });

  it('stay in their quotation', () => {
    for (const line of ['## Gate results', '```', 'never closed']) {
      expect(renderPullRequestBody(view, { closes: false })).toContain(`> ${line}`);
    }
    expect(renderPullRequestBody(view, { closes: false }).match(/^## Gate results$/gm)).toHaveLength(1);
  });

  it('cannot leave the fence of a log', () => {
    for (const tail of [
      '````\n</details> @everyone',
      '`'.repeat(100) + '\n~~~\nout',
      '\u001b]8;;https://evil\u0007x',
    ]) {
      const text = renderComment({ ...failed, gates: [{ ...failed.gates[0]!, tail }] });
      const [, marks, body] = /^(`{3,}|~{3,})text\n([\s\S]*?)\n\1$/m.exec(text)!;
      expect(body!.split('\n').some((line) => line.trim().startsWith(marks!))).toBe(false);
      expect(text).not.toMatch(/[\u001b\u0007]/);
    }
  });

  it('cannot leave a table cell', () => {
    const odd = { ...running, steps: [step('codegen', 'succeeded', 0, 1, 'a | b\n| c | d |')] };
    const rows = renderCheck(odd)
      .text!.split('\n')
      .filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(3);
    expect(rows[2]!.match(/(?<!\\)\|/g)).toHaveLength(6);
  });

  it('name files as code, whatever the name', () => {
    const body = renderPullRequestBody(
      { ...finished, files: [{ status: 'added', path: 'a`b\n@everyone</details>.ts', sha256: 'c'.repeat(64) }] },
      { closes: false },
    );
    expect(body).toContain('``a`b @everyone</details>.ts``');
  });
});

describe('limits', () => {
  const bytes = (text: string | undefined) => Buffer.byteLength(text ?? '');
  const big = fc
    .tuple(
      fc.constantFrom('x', '\n', '`', '|', '漢', '😀', '<', '@a ', '```\n', 'word ', '\u001b[1m'),
      fc.integer({ min: 0, max: 150_000 }),
    )
    .map(([unit, size]) => unit.repeat(Math.ceil(size / unit.length)));
  const status = fc.constantFrom('queued', 'running', 'succeeded', 'neutral', 'failed', 'cancelled') as fc.Arbitrary<
    RunView['status']
  >;
  const view: fc.Arbitrary<RunView> = fc
    .record({
      status,
      text: big,
      tail: big,
      gitMode: fc.constantFrom(...GitMode.options),
      many: fc.integer({ min: 0, max: 3_000 }),
    })
    .map(({ status, text, tail, gitMode, many }) => ({
      ...failed,
      status,
      gitMode,
      goal: text,
      summary: text,
      steps: Array.from({ length: Math.min(many, 1_000) }, (_, i) => ({
        ...step('codegen', 'failed', 0, 9, text.slice(0, 500)),
        name: `step-${i}`,
      })),
      gates: Array.from({ length: Math.min(many, 20) }, () => ({
        ...failed.gates[0]!,
        command: text.slice(0, 5_000),
        tail,
        base: { sha: 'b'.repeat(40), exitCode: 1, tail, compared: 'same' as const, fresh: [] },
      })),
      files: Array.from({ length: many }, (_, i): FileView => ({
        status: 'added',
        path: `src/${i}/${text.slice(0, 200)}`,
        sha256: 'd'.repeat(64),
      })),
      error: { kind: 'configuration', message: text, next: text },
    }));

  it('hold for every text', () => {
    fc.assert(
      fc.property(view, big, (run, template) => {
        expect(bytes(renderComment(run))).toBeLessThanOrEqual(60_000);
        expect(bytes(renderPullRequestBody(run, { template, issueNumber: 1, closes: true }))).toBeLessThanOrEqual(
          60_000,
        );
        for (const output of [renderCheck(run), ...run.gates.slice(0, 1).map(renderGateCheck)]) {
          expect(bytes(output.title)).toBeLessThanOrEqual(255);
          expect(bytes(output.summary)).toBeLessThanOrEqual(65_535);
          expect(bytes(output.text)).toBeLessThanOrEqual(65_535);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keep what matters: the marker, the headline, what failed, the run', () => {
    fc.assert(
      fc.property(view, (run) => {
        const text = renderComment({ ...run, status: 'failed' });
        expect(text.startsWith(`${commentMarker(run.id)}\n**NOFX could not finish`)).toBe(true);
        expect(text).toContain('**What failed:**');
        expect(text).toContain('**Next:**');
      }),
      { numRuns: 20 },
    );
  });
});
