import type { Context } from 'hono';
import { html } from 'hono/html';
import { problemOf, titleOf } from '../api/problem.ts';
import { asError } from '../errors.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { show } from './layout.ts';

/** Shows whatever was thrown. Only our own faults are logged as errors, and they say nothing but their id. */
export function answerProblemPage({ log, adapters }: Pick<PageDeps, 'log' | 'adapters'>) {
  return (thrown: unknown, c: Context<PageEnv>) => {
    const { kind, facts } = problemOf(thrown);
    const { status, title } = titleOf(kind);
    const id = c.get('requestId');
    if (kind === 'internal') log.error({ err: asError(thrown), request: id, path: c.req.path }, 'page failed');
    for (const [name, value] of Object.entries(facts.headers ?? {})) c.header(name, value);
    const body = html`<h1>${title}</h1>
      ${facts.detail ? html`<p>${adapters.redact(facts.detail)}</p>` : ''}
      ${facts.next ? html`<p>${adapters.redact(facts.next)}</p>` : ''}
      ${kind === 'internal' ? html`<p>Our log knows it as <code>${id}</code>.</p>` : ''}
      <p><a href="/ui/runs">${c.get('principal') ? 'To the runs' : 'Sign in'}</a></p>`;
    return show(c, { title, body }, status);
  };
}
