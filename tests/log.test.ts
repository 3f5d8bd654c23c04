import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { createRedactor, REDACTED } from '../src/domain/redact.ts';
import { createLogger } from '../src/log.ts';

const SECRET = 'correct horse "battery" staple\nsecond line';

function logger(redact: (text: string) => string = createRedactor(() => [SECRET])) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', redact, destination: { write: (line) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

describe('createLogger', () => {
  it('writes one line of JSON for each message from its level up', () => {
    const { log, lines, last } = logger();
    log.debug('not this one');
    log.info({ run: 'run_1' }, 'opened');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(last()).toMatchObject({ level: 30, run: 'run_1', msg: 'opened' });
  });

  it.each<[string, (log: ReturnType<typeof logger>['log']) => void]>([
    ['the message', (log) => log.info(`got ${SECRET}`)],
    ['a field', (log) => log.info({ token: SECRET }, 'x')],
    ['a nested field', (log) => log.info({ a: [{ b: SECRET }] }, 'x')],
    ['the name of a field', (log) => log.info({ [SECRET]: 1 }, 'x')],
    ['a format argument', (log) => log.info('got %s', SECRET)],
    ['a child binding', (log) => log.child({ token: SECRET }).info('x')],
    ['an error', (log) => log.error(new Error(SECRET), 'x')],
    ['the cause of an error', (log) => log.error({ err: new Error('a', { cause: new Error(SECRET) }) }, 'x')],
    ["an error's own field", (log) => log.error({ error: Object.assign(new Error('a'), { request: SECRET }) }, 'x')],
    ['a secret in base64', (log) => log.info({ auth: Buffer.from(SECRET).toString('base64') }, 'x')],
  ])('leaks nothing through %s', (_where, write) => {
    const { log, lines, last } = logger();
    write(log);
    expect(lines[0]).toContain(REDACTED);
    expect(lines[0]).not.toContain('battery');
    expect(lines[0]).not.toContain(Buffer.from(SECRET).toString('base64').slice(4, 20));
    expect(last()).toHaveProperty('level');
  });

  it('writes no bytes, in which no secret can be seen', () => {
    const { log, lines, last } = logger();
    const bytes = Buffer.from(SECRET);
    log.error({ body: bytes, err: Object.assign(new Error('a'), { stdout: [new Uint8Array(bytes)] }) }, 'x');
    expect(lines[0]).not.toContain([...bytes].slice(0, 5).join());
    expect(last()).toMatchObject({ body: `[${bytes.length} bytes]`, err: { stdout: [`[${bytes.length} bytes]`] } });
  });

  it('asks for the fields of every line, also for those of children, and redacts them', () => {
    const lines: string[] = [];
    let run = 'run_1';
    const redact = createRedactor(() => [SECRET]);
    const log = createLogger({
      level: 'info',
      redact,
      fields: () => ({ run, from: SECRET }),
      destination: { write: (line) => void lines.push(line) },
    });
    log.info('one');
    run = 'run_2';
    log.child({ step: 'step_1' }).info({ more: 1 }, 'two');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { run: 'run_1', from: REDACTED, msg: 'one' },
      { run: 'run_2', from: REDACTED, step: 'step_1', more: 1, msg: 'two' },
    ]);
  });

  it('tells the chain of causes, with the fields of each', () => {
    const { log, last } = logger();
    const root = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    log.error({ err: new TypeError('cannot store', { cause: root }) }, 'step failed');
    expect(last()['err']).toMatchObject({
      type: 'TypeError',
      message: 'cannot store',
      stack: expect.stringContaining('log.test.ts'),
      cause: { type: 'Error', message: 'refused', code: 'ECONNREFUSED' },
    });
  });

  it('tells of a query that failed what the database said and the statement, and none of its values', () => {
    const { log, lines, last } = logger();
    const said = Object.assign(new Error('value too long'), { code: '22001' });
    log.error({ err: new DrizzleQueryError('insert into t values ($1)', ['private words'], said) }, 'x');
    expect(last()['err']).toMatchObject({
      message: 'value too long',
      code: '22001',
      query: 'insert into t values ($1)',
      stack: expect.stringContaining('log.test.ts'),
    });
    expect(lines[0]).not.toContain('private words');
  });

  it('tells every error of an aggregate', () => {
    const { log, last } = logger();
    log.error({ err: new AggregateError([new Error('on ::1'), new Error('on 127.0.0.1')]) }, 'x');
    expect(last()['err']).toMatchObject({ errors: [{ message: 'on ::1' }, { message: 'on 127.0.0.1' }] });
  });

  it('survives an error that causes itself and a cause that is no error', () => {
    const { log, lines, last } = logger();
    const loop = new Error('loop');
    loop.cause = loop;
    log.error({ err: loop }, 'x');
    expect(lines).toHaveLength(1);
    log.error({ err: new Error('a', { cause: 'just words' }) }, 'x');
    expect(last()['err']).toMatchObject({ cause: 'just words' });
  });
});
