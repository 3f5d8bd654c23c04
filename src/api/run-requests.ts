import { createHash, randomUUID } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { findRunByTrigger, type Run } from '../db/runs.ts';
import { LEAST_ROLE } from '../domain/command.ts';
import type { Person, Principal } from '../domain/principal.ts';
import { GitOp } from '../domain/git-ops.ts';
import { Plan } from '../domain/plan.ts';
import { RunStatus } from '../domain/run.ts';
import { InternalError } from '../errors.ts';
import { mistakesOf, previewRun, promptOf, requestByApi, type ApiDemand, type Wanted } from '../runs/request-by-api.ts';
import type { Access } from './access.ts';
import { answers, takes } from './describe.ts';
import type { Api, ApiDeps } from './env.ts';
import { personOf } from './link.ts';
import { ApiProblem, problemsOfChange } from './problem.ts';

const projectId = z.string().min(1).openapi({ example: 'gh_123' });

const Standard = z.strictObject({
  prompt: z.string().trim().min(1).max(20_000),
  quality: z.boolean().default(true).openapi({ description: "With the repository's own gates." }),
  openPr: z.boolean().default(true).openapi({ description: 'false: the branch is pushed, and that is all.' }),
  filePath: z.string().min(1).max(1_000).optional().openapi({ description: 'The one file that may change.' }),
  projectId,
});

// Not a union: of that zod tells only that none of it fits, and people want to know what is wrong.
const Body = z
  .strictObject({
    standard: Standard.optional(),
    plan: Plan.optional().openapi({
      description:
        'Steps of your own, instead of `standard`; with `projectId`. The inputs of a step of the tool `git_ops` are a `GitOperation`.',
    }),
    projectId: projectId.optional(),
  })
  .superRefine((given, context) => {
    const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    if (!given.standard === !given.plan) wrong('standard', 'either this or `plan` is needed');
    if (given.plan && given.projectId === undefined) wrong('projectId', 'is needed with `plan`');
    if (given.standard && given.projectId !== undefined) wrong('projectId', 'belongs into `standard`');
  })
  .openapi('NewRun');
type Body = z.infer<typeof Body>;

const body = takes(Body);

const startRoute = createRoute({
  method: 'post',
  path: '/runs',
  operationId: 'createRun',
  summary: 'Starts a run',
  request: {
    headers: z.object({
      'idempotency-key': z.string().min(1).max(200).optional().openapi({
        description: 'The same key with the same body gives the same run, however often it is sent.',
      }),
    }),
    body,
  },
  responses: {
    201: answers('The run', z.object({ id: z.string(), status: RunStatus, projectId: z.string() })),
    ...problemsOfChange('not_found', 'conflict', 'refused'),
  },
});

const previewRoute = createRoute({
  method: 'post',
  path: '/runs/preview',
  operationId: 'previewRun',
  summary: 'What such a run would do; nothing is started',
  request: { body },
  responses: {
    200: answers(
      'The plan',
      z.object({
        plan: Plan,
        base_ref: z.string(),
        base_sha: z.string(),
        max_cost_usd: z.number(),
        projectId: z.string(),
      }),
    ),
    ...problemsOfChange('not_found', 'refused'),
  },
});

export function runRequestRoutes(api: Api, deps: ApiDeps & { access: Access }): void {
  // A copy: it may have been made before schemas knew how to be described.
  api.openAPIRegistry.register('GitOperation', GitOp.clone());
  const { db, access, defaults } = deps;

  /** The repository that a run is wanted in, by somebody who may start runs there. */
  const allowed = async (principal: Principal, asked: Body) => {
    const wanted = wantedOf(asked);
    const mistakes = mistakesOf(wanted);
    if (mistakes.length > 0) {
      throw new ApiProblem('refused', {
        detail: 'The plan cannot be carried out.',
        next: 'Correct what `errors` names, and send it again.',
        errors: mistakes.map(({ field, message }) => ({ in: 'json' as const, field: `plan.${field}`, message })),
      });
    }
    const project = await access.project(principal, asked.standard?.projectId ?? asked.projectId ?? '');
    await access.demand(principal, project, LEAST_ROLE.run, 'To start a run');
    return { project, wanted };
  };

  api.openapi(startRoute, async (c) => {
    const principal = c.get('principal');
    const { project, wanted } = await allowed(principal, c.req.valid('json'));
    const triggerKey = triggerOf(personOf(principal), project.id, c.req.valid('header')['idempotency-key']);
    const before = await findRunByTrigger(db, triggerKey);
    if (before !== null && !isSame(before, wanted)) {
      throw new ApiProblem('conflict', { detail: `That Idempotency-Key was sent with something else: ${before.id}.` });
    }
    const demand: ApiDemand = { project, wanted, triggerKey, requester: await requesterOf(personOf(principal), deps) };
    // A new one is told as it was opened, whoever is at it by now.
    const { id, status } = before ?? { ...(await requestByApi(deps, defaults, demand)), status: 'queued' as const };
    return c.json({ id, status, projectId: project.id }, 201, { Location: `/runs/${id}` });
  });

  api.openapi(previewRoute, async (c) => {
    const demand = await allowed(c.get('principal'), c.req.valid('json'));
    const { plan, baseRef, baseSha, maxCostUsd } = await previewRun(deps, defaults, demand);
    return c.json(
      { plan, base_ref: baseRef, base_sha: baseSha, max_cost_usd: maxCostUsd, projectId: demand.project.id },
      200,
    );
  });
}

function wantedOf({ standard, plan }: Body): Wanted {
  if (plan) return { kind: 'plan', plan };
  if (!standard) throw new InternalError('A request without a task was taken for one.');
  const { projectId: _projectId, ...task } = standard;
  return { kind: 'standard', ...task };
}

/** A key is its sender's own, in one project: nobody comes upon another's run by it. */
function triggerOf(principal: Person, project: string, key: string | undefined): string {
  const who = principal.kind === 'admin' ? 'admin' : principal.githubId;
  if (key === undefined) return `api:${randomUUID()}`;
  return `api:${createHash('sha256')
    .update(JSON.stringify([who, project, key]))
    .digest('hex')}`;
}

/** What tells one request from another; how it was to be checked and handed in is not compared. */
function isSame({ source }: Run, wanted: Wanted): boolean {
  return source.prompt === promptOf(wanted);
}

/** What the admin asks for the app asks for: there is nobody on GitHub who did. */
export async function requesterOf(
  principal: Person,
  { adapters }: Pick<ApiDeps, 'adapters'>,
): Promise<ApiDemand['requester']> {
  if (principal.kind === 'user') return { login: principal.login, id: principal.githubId };
  return { login: (await adapters.github.appIdentity()).name, id: 0 };
}
