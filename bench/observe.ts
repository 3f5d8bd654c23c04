import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ChildProcess } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { PGlite } from '@electric-sql/pglite';
import { PgBoss } from 'pg-boss';
import pg from 'pg';
import type { Job, Kind, Observed, Span } from './timeline.ts';

/**
 * Watches this process from outside the code that is measured: Node's own diagnostics channels tell of
 * processes and HTTP, and the two database drivers and the queue are wrapped at their doors. Each span
 * knows the job in whose asynchronous context it began, so that work that runs beside a step is not
 * taken for the step's. To be called before NOFX starts.
 */
export function observe(options: { modelOrigin: string }): { take(): Observed } {
  const context = new AsyncLocalStorage<Job>();
  let observed: Observed = { spans: [], jobs: [], arrivals: [] };

  const begin = (kind: Kind, name: string): Span => {
    const span = { kind, name, job: context.getStore()?.id ?? null, start: now(), end: Number.NaN };
    observed.spans.push(span);
    return span;
  };

  observeProcesses(begin);
  observeHttp(begin, options.modelOrigin);
  observeInbox((arrival) => observed.arrivals.push(arrival));
  observeDatabase(begin);
  observeJobs(context, (job) => observed.jobs.push(job));

  return {
    take() {
      const taken = observed;
      observed = { spans: [], jobs: [], arrivals: [] };
      return taken;
    },
  };
}

type Begin = (kind: Kind, name: string) => Span;

/** Milliseconds on the clock that all processes of the machine share. */
export const now = (): number => performance.timeOrigin + performance.now();

const end = (span: Span) => () => void (span.end = now());

function observeProcesses(begin: Begin): void {
  subscribe('child_process', (message) => {
    const { process: child } = message as { process: ChildProcess };
    const span = begin('other', 'process');
    child.once('exit', end(span));
    // What it runs is known only after the channel was told.
    queueMicrotask(() => {
      const { spawnfile, spawnargs } = child;
      span.kind = spawnfile === 'git' ? 'git' : spawnfile === 'bwrap' || spawnfile === '/bin/sh' ? 'sandbox' : 'other';
      span.name = spawnfile === 'git' ? `git ${spawnargs[1] ?? ''}` : spawnfile;
    });
  });
}

function observeHttp(begin: Begin, modelOrigin: string): void {
  type Request = { origin: string; method: string; path: string };
  const open = new WeakMap<object, Span>();
  subscribe('undici:request:create', (message) => {
    const { request } = message as { request: Request };
    const kind = request.origin === modelOrigin ? 'model' : 'github';
    open.set(request, begin(kind, `${request.method} ${request.path}`));
  });
  for (const name of ['undici:request:trailers', 'undici:request:error']) {
    subscribe(name, (message) => {
      const span = open.get((message as { request: object }).request);
      if (span) span.end = now();
    });
  }
}

function observeInbox(note: (arrival: Observed['arrivals'][number]) => void): void {
  const open = new WeakMap<IncomingMessage, number>();
  subscribe(
    'http.server.request.start',
    (message) => void open.set((message as { request: IncomingMessage }).request, now()),
  );
  subscribe('http.server.response.finish', (message) => {
    const { request } = message as { request: IncomingMessage };
    note({ path: request.url ?? '', start: open.get(request) ?? Number.NaN, end: now() });
  });
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Times what a method of every instance gives back a promise for. */
function wrap(prototype: object, name: string, span: () => Span): void {
  const methods = prototype as Record<string, Method>;
  const original = methods[name]!;
  methods[name] = function (...args) {
    const timed = span();
    const result = original.apply(this, args);
    if (result instanceof Promise) result.then(end(timed), end(timed));
    // With a callback there is no promise: such calls are the pool's own, timed where the pool was asked.
    else timed.end = timed.start;
    return result;
  };
}

function observeDatabase(begin: Begin): void {
  const query = () => begin('database', 'query');
  for (const prototype of [pg.Client.prototype, pg.Pool.prototype]) wrap(prototype, 'query', query);
  wrap(pg.Pool.prototype, 'connect', query);

  const embedded = Object.getPrototypeOf(PGlite.prototype) as PGlite;
  for (const name of ['query', 'exec']) wrap(embedded, name, query);
  // oxlint-disable-next-line unbound-method -- called with its own `this`
  const transaction = embedded.transaction;
  embedded.transaction = async function <T>(
    this: PGlite,
    work: (tx: Parameters<Parameters<PGlite['transaction']>[0]>[0]) => Promise<T>,
  ) {
    // One connection: waiting for one's turn is the database's time too.
    let timed = begin('database', 'begin');
    const result = await transaction.call(this, async (tx) => {
      end(timed)();
      const methods: Record<string, Method> = { query: tx.query as Method, exec: tx.exec as Method };
      for (const name of Object.keys(methods)) wrap(methods, name, query);
      const done = await work(
        new Proxy(tx, { get: (target, key) => methods[key as string] ?? Reflect.get(target, key) }),
      );
      timed = begin('database', 'commit');
      return done;
    });
    end(timed)();
    return result as T;
  };
}

function observeJobs(context: AsyncLocalStorage<Job>, note: (job: Job) => void): void {
  type Handler = (jobs: { data: object }[]) => Promise<unknown>;
  const methods = PgBoss.prototype as unknown as Record<'work', Method>;
  const work = methods.work;
  let id = 0;
  methods.work = function (queue, options, handler) {
    const watched: Handler = (jobs) => {
      id += 1;
      const job: Job = { id, queue: String(queue), data: jobs[0]!.data, start: now(), end: Number.NaN };
      note(job);
      return context.run(job, () => (handler as Handler)(jobs).finally(() => void (job.end = now())));
    };
    return work.call(this, queue, options, watched);
  };
}
