import { createRoute, z } from '@hono/zod-openapi';
import type { DeadLetter } from '../queue/jobs.ts';
import { listDead, redriveDead, type Redriven } from '../runs/dead.ts';
import { viewQueue } from '../runs/view-queue.ts';
import { adminOnly } from './access.ts';
import { answers, Done } from './describe.ts';
import type { Api, ApiDeps } from './env.ts';
import { ApiProblem, problems, problemsOfChange } from './problem.ts';

const moment = z.iso.datetime();
const count = z.number().int();

const QueueView = z
  .object({
    workers: count.openapi({ description: 'Processes that work.' }),
    queues: z.array(
      z.object({
        name: z.string(),
        waiting: count.openapi({ description: 'Jobs that could run now.' }),
        deferred: count.openapi({ description: 'Put off until later.' }),
        active: count,
        oldest_seconds: z.number().openapi({ description: 'How long the oldest that could run has waited.' }),
      }),
    ),
    running: z
      .array(
        z.object({
          run_id: z.string(),
          step_id: z.string(),
          project_id: z.string(),
          name: z.string(),
          tool: z.string(),
          attempt: count,
          started_at: moment.nullable(),
        }),
      )
      .openapi({ description: 'Steps at work, the longest first, up to 100.' }),
    lines: z
      .array(
        z.object({
          lane: z.string(),
          project_id: z.string(),
          at_work: z.string().nullable().openapi({ description: 'The run whose turn it is.' }),
          in_line: count,
          oldest_at: moment,
        }),
      )
      .openapi({ description: 'Where runs wait for those before them, the longest line first, up to 100.' }),
  })
  .openapi('Queue');

const Letter = z
  .object({
    id: z.string(),
    from: z.enum(['delivery', 'step']).nullable(),
    delivery: z.string().nullable(),
    run_id: z.string().nullable(),
    step_id: z.string().nullable(),
    died_at: moment,
    closed: z.boolean().openapi({ description: 'What it left open has been closed.' }),
    reason: z.string(),
  })
  .openapi('DeadLetter');

const LetterPath = z.object({ letterId: z.string() });

const queueRoute = createRoute({
  method: 'get',
  path: '/dev/queue',
  operationId: 'getQueue',
  summary: 'What is waiting and what is at work, for the admin',
  responses: {
    200: answers('As it is now', QueueView),
    ...problems('forbidden'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/dev/dlq',
  operationId: 'listDeadLetters',
  summary: 'Jobs that failed too often and were given up, for the admin',
  description: 'The oldest come first. They are kept for 30 days.',
  request: { query: z.object({ limit: z.coerce.number('must be a number').int().min(1).max(1_000).default(100) }) },
  responses: {
    200: answers(
      'The dead letters',
      z.object({
        letters: z.array(Letter),
        more: z.boolean().openapi({ description: 'There are more than `limit`.' }),
      }),
    ),
    ...problems('forbidden'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/dev/dlq/{letterId}',
  operationId: 'getDeadLetter',
  summary: 'A dead letter, for the admin',
  request: { params: LetterPath },
  responses: {
    200: answers('The dead letter', Letter),
    ...problems('forbidden', 'not_found'),
  },
});

const retryRoute = createRoute({
  method: 'post',
  path: '/dev/dlq/{letterId}/retry',
  operationId: 'retryDeadLetter',
  summary: 'Drives a dead letter again, once; for the admin',
  description:
    'A delivery is worked on anew, a step goes on where its run does. A run that has ended stays as it ended: another, `run_id`, repeats its request.',
  request: { params: LetterPath },
  responses: {
    200: answers('It is gone from the dead letters', Done.extend({ run_id: z.string().nullable() })),
    ...problemsOfChange('not_found', 'conflict'),
  },
});

export function devRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(queueRoute, async (c) => {
    adminOnly(c.get('principal'));
    const { queues, running, lines, workers } = await viewQueue(deps);
    return c.json(
      {
        workers,
        queues: queues.map(({ queue, oldestSeconds, ...depth }) => ({
          name: queue,
          ...depth,
          oldest_seconds: oldestSeconds,
        })),
        running: running.map(({ id, runId, projectId, startedAt, ...step }) => ({
          run_id: runId,
          step_id: id,
          project_id: projectId,
          ...step,
          started_at: startedAt && startedAt.toISOString(),
        })),
        lines: lines.map(({ lane, projectId, atWork, inLine, oldest }) => ({
          lane,
          project_id: projectId,
          at_work: atWork,
          in_line: inLine,
          oldest_at: oldest.toISOString(),
        })),
      },
      200,
    );
  });

  api.openapi(listRoute, async (c) => {
    adminOnly(c.get('principal'));
    const { limit } = c.req.valid('query');
    const { letters, more } = await listDead(deps, limit);
    return c.json({ letters: letters.map(shown), more }, 200);
  });

  api.openapi(getRoute, async (c) => {
    adminOnly(c.get('principal'));
    return c.json(shown(await letterOf(deps, c.req.valid('param').letterId)), 200);
  });

  api.openapi(retryRoute, async (c) => {
    adminOnly(c.get('principal'));
    const { id } = await letterOf(deps, c.req.valid('param').letterId);
    const done = await redriveDead(deps, id);
    if (!done.ok) throw new ApiProblem('conflict', { detail: done.reason, next: done.next });
    return c.json({ success: true as const, ...told(done) }, 200);
  });
}

async function letterOf({ queue }: ApiDeps, id: string): Promise<DeadLetter> {
  const letter = await queue.findDead(id);
  if (letter === null) throw new ApiProblem('not_found');
  return letter;
}

function told(done: Extract<Redriven, { ok: true }>): { message: string; run_id: string | null } {
  switch (done.did) {
    case 'delivery':
      return { message: 'The delivery is worked on again', run_id: null };
    case 'step':
      return { message: 'The step goes on', run_id: done.runId };
    case 'run':
      return { message: `${done.instead} stays as it ended; another run repeats its request`, run_id: done.runId };
  }
}

function shown({ id, from, data, diedAt, closed, reason }: DeadLetter) {
  const { guid: delivery = null, runId: run_id = null, stepId: step_id = null } = data;
  return { id, from, delivery, run_id, step_id, died_at: diedAt.toISOString(), closed, reason };
}
