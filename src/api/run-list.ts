import { createRoute, z } from '@hono/zod-openapi';
import { countRuns, listRunPage, type RunFilter } from '../db/run-list.ts';
import type { Person } from '../domain/principal.ts';
import { isAtLeast } from '../domain/role.ts';
import { RunStatus } from '../domain/run.ts';
import type { Access } from './access.ts';
import { answers } from './describe.ts';
import type { Api, ApiDeps } from './env.ts';
import { personOf } from './link.ts';
import { ApiProblem, problems } from './problem.ts';
import { RunSummary, runSummary } from './shapes.ts';

/** To count, and to skip, costs as much as there is: up to here both are done, beyond it there is the cursor. */
const COUNTED = 1_000;

const wholeNumber = (least: number, most: number) =>
  z.coerce.number('must be a number').int('must be a whole number').min(least).max(most);

const Query = z
  .object({
    page: wholeNumber(1, COUNTED).optional(),
    limit: wholeNumber(1, 100).default(20),
    cursor: z
      .string()
      .regex(/^run_\w{1,60}$/, 'is not a cursor of ours')
      .optional()
      .openapi({ description: '`pagination.next` of the page before; instead of `page`.' }),
    project: z.string().optional(),
    status: RunStatus.optional(),
    issue: wholeNumber(1, 2_147_483_647).optional().openapi({ description: 'Of `project`.' }),
    author: z
      .string()
      .regex(/^[\w-]{1,60}$/, 'is not a login')
      .optional()
      .openapi({ description: 'The login of whoever asked, as it was then.' }),
  })
  .superRefine(({ page, limit, cursor, project, issue }, context) => {
    const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    if (issue !== undefined && project === undefined) wrong('issue', 'needs `project`: each has its own numbers');
    if (page !== undefined && cursor !== undefined) wrong('cursor', 'goes instead of `page`');
    if ((page ?? 1) * limit > COUNTED) wrong('page', `ends at ${COUNTED} runs: go on with \`cursor\``);
  });

const route = createRoute({
  method: 'get',
  path: '/runs',
  operationId: 'listRuns',
  summary: 'Runs, newest first',
  description:
    'Without `project` a user gets the runs they asked for themselves, with it all of that project if they may read it. `total` and `pages` are null beyond 1,000 runs, and with `cursor`.',
  request: { query: Query },
  responses: {
    200: answers(
      'A page of runs',
      z.object({
        runs: z.array(RunSummary),
        pagination: z.object({
          page: z.number().int().nullable(),
          limit: z.number().int(),
          total: z.number().int().nullable(),
          pages: z.number().int().nullable(),
          next: z.string().nullable().openapi({ description: 'The cursor of the next page; null on the last.' }),
        }),
      }),
    ),
    ...problems('forbidden'),
  },
});

export function runListRoutes(api: Api, { db, access }: ApiDeps & { access: Access }): void {
  api.openapi(route, async (c) => {
    const { page, cursor, limit, ...wanted } = c.req.valid('query');
    const filter = await visible(access, personOf(c.get('principal')), wanted);
    // One more than is shown tells whether there is another page.
    const some = { limit: limit + 1, ...(cursor ? { after: cursor } : { offset: ((page ?? 1) - 1) * limit }) };
    const [rows, counted] = await Promise.all([
      listRunPage(db, filter, some),
      cursor ? null : countRuns(db, filter, COUNTED + 1),
    ]);
    const runs = rows.slice(0, limit);
    const total = counted === null || counted > COUNTED ? null : counted;
    return c.json(
      {
        runs: runs.map(runSummary),
        pagination: {
          page: cursor ? null : (page ?? 1),
          limit,
          total,
          pages: total === null ? null : Math.ceil(total / limit),
          next: rows.length > limit ? runs.at(-1)!.id : null,
        },
      },
      200,
    );
  });
}

type Wanted = { project?: string | undefined; author?: string | undefined } & Pick<
  RunFilter,
  'status' | 'issue' | 'words'
>;

/** What is wanted, less what the principal may not see. */
export async function visible(access: Access, principal: Person, wanted: Wanted): Promise<RunFilter> {
  const { project: projectId, author: login, ...rest } = wanted;
  const filter = { ...rest, projectId, author: login === undefined ? undefined : { login } };
  if (principal.kind === 'admin') return filter;
  if (projectId !== undefined && isAtLeast(await access.roleIn(principal, { id: projectId }), 'read')) return filter;
  if (login !== undefined && login.toLowerCase() !== principal.login.toLowerCase()) {
    throw new ApiProblem('forbidden', {
      detail: 'The runs of others are listed by project.',
      next: 'Add `project`, of one that you may read.',
    });
  }
  return { ...filter, author: { id: principal.githubId } };
}
