import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PreparingPglite } from '../../src/db/preparing-pglite.ts';

let prepared: PreparingPglite;
let plain: PGlite;
beforeAll(async () => {
  prepared = new PreparingPglite();
  plain = new PGlite();
  await Promise.all([prepared.waitReady, plain.waitReady]);
  for (const pglite of [prepared, plain]) await pglite.exec('create table t (id int primary key, v text)');
});
afterAll(() => Promise.all([prepared.close(), plain.close()]));

const kept = async (like: string) =>
  (
    await prepared.query<{ count: number }>(
      `select count(*)::int as count from pg_prepared_statements where statement like $1 and statement like '%asked%'`,
      [like],
    )
  ).rows[0]!.count;

it.each([
  ['select $1::int as n, $2::text as t, $3::jsonb as j, $4::boolean as b', [7, 'sieben ✓', { a: [1, null] }, false]],
  ['select $1::timestamptz as at, $2::bigint as big, $3::float8 as f', [new Date(0), 9007199254740993n, 0.1]],
  ['select $1::text as nothing, $2::int[] as list, $3::bytea as bytes', [null, [1, 2], Uint8Array.of(0, 255)]],
  ['select 1 as n where false', []],
  ['update t set v = v where id = $1', [1]],
])('answers as PGlite does: %s', async (text, params) => {
  for (const options of [undefined, { rowMode: 'array' as const }, { parsers: { 1184: (value: string) => value } }]) {
    const expected = await plain.query(text, params, options);
    for (const _ of [1, 2]) expect(await prepared.query(text, params, options)).toEqual(expected);
  }
});

it('prepares what comes again, once, and up to a number of statements', async () => {
  await prepared.query('select $1::int as asked', [0]);
  expect(await kept('select $1::int as asked')).toBe(0);
  for (let turn = 0; turn < 3; turn += 1) await prepared.query('select $1::int as asked', [turn]);
  expect(await kept('select $1::int as asked')).toBe(1);
  for (const _ of [1, 2]) for (let n = 0; n < 250; n += 1) await prepared.query(`select ${n} as asked`);
  expect(await kept('%')).toBeGreaterThan(100);
  expect(await kept('%')).toBeLessThanOrEqual(200);
  expect((await prepared.query('select 4711 as asked')).rows).toEqual([{ asked: 4711 }]);
});

it('says what is wrong, and goes on', async () => {
  for (const _ of [1, 2]) {
    await expect(prepared.query('select 1 / $1::int as gone', [0])).rejects.toMatchObject({ code: '22012' });
    await expect(prepared.query('select nonsense')).rejects.toMatchObject({ code: '42703' });
    expect((await prepared.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
  }
});

it('keeps transactions whole, and apart from what is asked meanwhile', async () => {
  const insert = 'insert into t values ($1, $2)';
  const count = async () => (await prepared.query<{ n: number }>('select count(*)::int as n from t')).rows[0]!.n;
  let seen: Promise<number> | undefined;
  await prepared.transaction(async (tx) => {
    await tx.query(insert, [1, 'a']);
    seen = count();
    await tx.query(insert, [2, 'b']);
  });
  expect(await seen).toBe(2);

  const failed = prepared.transaction(async (tx) => {
    await tx.query(insert, [3, 'c']);
    await tx.query(insert, [3, 'again']);
  });
  await expect(failed).rejects.toMatchObject({ code: '23505' });
  expect(await count()).toBe(2);

  const late = await prepared.transaction(async (tx) => tx);
  await expect(late.query(insert, [4, 'd'])).rejects.toThrow(/closed/i);
  expect(await count()).toBe(2);
});

it('takes one statement or several without parameters', async () => {
  for (const _ of [1, 2]) {
    expect(await prepared.exec("select 1 as n, ';' as mark")).toMatchObject([{ rows: [{ n: 1, mark: ';' }] }]);
    expect(await prepared.exec('select 1 as n;\n')).toEqual(await plain.exec('select 1 as n;\n'));
    expect(await prepared.exec('select 1 as n; select 2 as n')).toMatchObject([
      { rows: [{ n: 1 }] },
      { rows: [{ n: 2 }] },
    ]);
  }
});
