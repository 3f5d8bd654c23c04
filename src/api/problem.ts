import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Logger } from '../log.ts';
import { asError, RetryableError, UserError } from '../errors.ts';
import type { ApiEnv } from './env.ts';

/** Everything that can be wrong, once: `/docs` lists them under these names. */
const PROBLEMS = {
  invalid: { status: 400, title: 'The request has mistakes' },
  unauthenticated: { status: 401, title: 'You have not said who you are' },
  forbidden: { status: 403, title: 'You may not do that' },
  not_found: { status: 404, title: 'There is nothing here, or nothing for you' },
  conflict: { status: 409, title: 'That does not go with how things are' },
  too_large: { status: 413, title: 'The body is too large' },
  range: { status: 416, title: 'There are no such bytes' },
  refused: { status: 422, title: 'That cannot be done' },
  too_many: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Our own fault' },
  unavailable: { status: 503, title: 'Not now' },
} as const;

export type ProblemKind = keyof typeof PROBLEMS;
export const problemKinds = Object.entries(PROBLEMS);

/** One mistake in a request. */
const Mistake = z.object({
  in: z.enum(['json', 'query', 'param', 'header']),
  field: z.string().openapi({ example: 'standard.prompt' }),
  message: z.string(),
});
export type Mistake = z.infer<typeof Mistake>;

/** RFC 9457 */
export const Problem = z
  .object({
    type: z.string().openapi({ example: '/docs#not_found' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    next: z.string().optional().openapi({ description: 'What to do about it.' }),
    errors: z.array(Mistake).optional().openapi({ description: 'Every mistake of the request.' }),
    request_id: z.string().openapi({ description: 'The same as in the header X-Request-Id and in our log.' }),
  })
  .openapi('Problem');

type Facts = { detail?: string; next?: string; errors?: Mistake[]; headers?: Record<string, string> };

/** Ends a request. What is expected to happen is in the route's `problems`. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly kind: ProblemKind;
  readonly facts: Facts;

  constructor(kind: ProblemKind, facts: Facts = {}, cause?: unknown) {
    super(facts.detail ?? PROBLEMS[kind].title, { cause });
    this.kind = kind;
    this.facts = facts;
  }
}

/** What every route may end with. Who asks, and what they may, is asked of others, who are not always there. */
const ALWAYS: readonly ProblemKind[] = ['invalid', 'unauthenticated', 'too_many', 'internal', 'unavailable'];

/** The responses that a route may end with beside its own; those that every route may end with are always among them. */
export function problems(...kinds: ProblemKind[]) {
  const all = new Set([...ALWAYS, ...kinds]);
  return Object.fromEntries(
    [...all].map((kind) => [
      PROBLEMS[kind].status,
      { description: PROBLEMS[kind].title, content: { 'application/problem+json': { schema: Problem } } },
    ]),
  );
}

/** The same of a route that changes something: other sites may not ask for that, and what is sent is bounded. */
export function problemsOfChange(...kinds: ProblemKind[]) {
  return problems('forbidden', 'too_large', ...kinds);
}

/** Answers with whatever was thrown. Only our own faults are logged as errors, and they say nothing but their id. */
export function answerProblem(log: Logger, redact: (text: string) => string) {
  return (thrown: unknown, c: Context<ApiEnv>): Response => {
    const { kind, facts } = problemOf(thrown);
    const { status, title } = PROBLEMS[kind];
    const requestId = c.get('requestId');
    if (kind === 'internal')
      log.error({ err: asError(thrown), request: requestId, path: c.req.path }, 'request failed');
    const { headers, ...rest } = facts;
    const body: z.infer<typeof Problem> = { type: `/docs#${kind}`, title, status, ...rest, request_id: requestId };
    return c.body(redact(JSON.stringify(body)), status, { 'Content-Type': 'application/problem+json', ...headers });
  };
}

/** How a kind of problem is called, and its HTTP status. */
export const titleOf = (kind: ProblemKind) => PROBLEMS[kind];

/** What was thrown, as a problem. */
export function problemOf(thrown: unknown): ApiProblem {
  if (thrown instanceof ApiProblem) return thrown;
  if (thrown instanceof UserError) return new ApiProblem('refused', { detail: thrown.message, next: thrown.next });
  if (thrown instanceof RetryableError) {
    const seconds = Math.ceil((thrown.retryAfterMs ?? 5_000) / 1_000);
    return new ApiProblem('unavailable', { detail: thrown.message, headers: { 'Retry-After': String(seconds) } });
  }
  // Hono's own, for a body that is no JSON.
  if (thrown instanceof HTTPException && thrown.status < 500)
    return new ApiProblem('invalid', { detail: thrown.message });
  return new ApiProblem('internal', {}, thrown);
}

/** For OpenAPIHono's `defaultHook`: all mistakes of a part of the request at once. */
export function refuseInvalid(
  result: { target: string } & ({ success: true } | { success: false; error: z.ZodError }),
): void {
  if (!result.success) throw invalid(result.target as Mistake['in'], result.error);
}

/** All that a schema finds wrong with a part of the request. */
export function invalid(part: Mistake['in'], { issues }: Pick<z.ZodError, 'issues'>): ApiProblem {
  const errors = issues.map(({ path, message }) => ({ in: part, field: path.join('.'), message }));
  return new ApiProblem('invalid', { errors });
}
