import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiJudge, operationsOf, readApiDocument, type Operation } from '../support/api-document.ts';
import { CASES, type Case } from './contract-cases.ts';
import { inTrouble } from './troubles.ts';
import { openWorld, type World } from './world.ts';

const document = await readApiDocument();
const operations = operationsOf(document);
const judge = createApiJudge(document);

/** More than a request may have. */
const MUCH = 'x'.repeat(2 * 1024 * 1024);

/** Names nothing that there is. */
const nowhere = ({ path }: Operation) => path.replaceAll(/\{\w+\}/g, 'nothing');

/** How an operation comes to an answer that all of them come to in the same way; a case of its own goes first. */
const RULES: Record<number, (operation: Operation) => Case | undefined> = {
  400: (one) => (w) => w.send(one.method, `${nowhere(one)}?x=%00`),
  401: (one) => (w) => w.send(one.method, nowhere(one), undefined, {}),
  403: (one) =>
    one.method === 'GET'
      ? undefined
      : (w) => w.send(one.method, nowhere(one), undefined, { ...w.admin, 'sec-fetch-site': 'cross-site' }),
  404: (one) => (one.path.includes('{') && !one.takesBody ? (w) => w.send(one.method, nowhere(one)) : undefined),
  413: (one) => (w) => w.send(one.method, nowhere(one), MUCH),
  429: (one) => async (w) => {
    for (;;) {
      const answer = await w.crowded.send(one.method, nowhere(one), undefined, await w.crowded.busy());
      if (answer.status === 429) return answer;
    }
  },
  503: (one) => async (w) => {
    const { token } = await w.newcomer();
    w.supabase.setDown(true);
    return w.send(one.method, nowhere(one), undefined, token).finally(() => w.supabase.setDown(false));
  },
  500: (one) => (w) => w.ruined.send(one.method, nowhere(one), undefined, w.ruined.key),
};

const caseOf = (operation: Operation, status: number): Case | undefined =>
  CASES[operation.id]?.[status] ?? RULES[status]?.(operation);

const documented = operations.flatMap((operation) =>
  Object.keys(operation.answers).map((status) => ({ operation, id: operation.id, status: Number(status) })),
);

describe('every answer that the OpenAPI document promises', () => {
  let world: World;
  beforeAll(async () => void (world = await openWorld()));
  afterAll(() => world.close());

  it('has a case, and every case is in it', () => {
    const missing = documented.filter(({ operation, status }) => !caseOf(operation, status));
    expect(missing.map(({ id, status }) => `${id} ${status}`)).toEqual([]);
    const known = new Set(documented.map(({ id, status }) => `${id} ${status}`));
    const cases = Object.entries(CASES).flatMap(([id, of]) => Object.keys(of).map((status) => `${id} ${status}`));
    expect(cases.filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(documented)('$id $status', async ({ operation, status }) => {
    const answer = await caseOf(operation, status)!(world);
    expect(answer.status).toBe(status);
    expect(await judge(operation, answer)).toEqual([]);
  });

  it.each(operations)('has no other, whatever goes wrong: $id', async (operation) => {
    const wrong: string[] = [];
    const look = async (what: string, answer: Response) => {
      const problems = await judge(operation, answer);
      if (answer.status === 500) problems.push('it is called our own fault');
      wrong.push(...problems.map((problem) => `${what}: ${problem}`));
    };
    const [, works] = Object.entries(CASES[operation.id]!).find(([status]) => Number(status) < 300)!;
    for (const [what, answer] of await inTrouble(works, world)) await look(what, answer);
    for (const query of operation.queries) {
      const path = `${nowhere(operation)}?${query}`;
      await look(query, await world.send(operation.method, path, undefined, world.rita));
    }
    if (operation.method !== 'GET')
      await look('a large body', await world.send(operation.method, nowhere(operation), MUCH));
    expect(wrong).toEqual([]);
  });
});
