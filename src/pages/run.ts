import type { Context, Hono } from 'hono';
import { ApiProblem } from '../api/problem.ts';
import { createRunActions } from '../api/run-actions.ts';
import type { Principal } from '../domain/principal.ts';
import { isTerminal } from '../domain/run.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { show } from './layout.ts';
import { tell, tellRefused } from './notice.ts';
import { readRun } from './run-facts.ts';
import { headline, runPage } from './run-page.ts';
import { statusWord } from './words.ts';

/** A run, and what people do to it there. */
export function runRoutes(pages: Hono<PageEnv>, deps: PageDeps): void {
  const actions = createRunActions(deps);

  pages.get('/ui/runs/:runId', async (c) => {
    const principal = c.get('principal')!;
    const run = await deps.access.run(principal, c.req.param('runId'));
    const facts = await readRun(deps, principal, run);
    return show(c, {
      title: `${headline(facts)} · ${statusWord(run.status)}`,
      active: '/ui/runs',
      body: runPage(facts, c.get('formToken')),
      live: isTerminal(run.status)
        ? undefined
        : { stream: `/runs/${run.id}/stream`, everySeconds: run.status === 'running' ? 5 : 15 },
    });
  });

  /** A form of the page: does it, and shows the page again with what came of it. */
  const action = (
    name: string,
    act: (
      principal: Principal,
      runId: string,
      form: Record<string, unknown>,
    ) => Promise<{ text: string; runId?: string }>,
  ) =>
    pages.post(`/ui/runs/:runId/${name}`, async (c: Context<PageEnv, '/ui/runs/:runId/x'>) => {
      const principal = c.get('principal');
      if (principal === null) throw new ApiProblem('forbidden', { detail: 'You are not signed in any more.' });
      const runId = c.req.param('runId');
      try {
        const done = await act(principal, runId, await c.req.parseBody());
        tell(c, deps, { kind: 'done', text: done.text });
        return c.redirect(`/ui/runs/${done.runId ?? runId}`, 303);
      } catch (error) {
        tellRefused(c, deps, error);
        return c.redirect(`/ui/runs/${runId}`, 303);
      }
    });

  action('cancel', async (principal, runId) => {
    const fresh = await actions.cancel(principal, runId);
    return { text: fresh ? 'The run stops within seconds; what it has made is kept.' : 'The run is stopping already.' };
  });
  action('approve', async (principal, runId, { plan }) => {
    await actions.approve(principal, runId, typeof plan === 'string' ? plan : null);
    return { text: 'Approved: the run goes on.' };
  });
  action('retry', async (principal, runId, { step }) => {
    const { id } = await actions.retry(principal, runId, typeof step === 'string' ? step : '');
    return { text: 'This is the new run.', runId: id };
  });
}
