import {
  PGlite,
  parse,
  protocol,
  type ExecProtocolOptions,
  type QueryOptions,
  type Results,
  type Row,
  type Transaction,
} from '@electric-sql/pglite';

/** Distinct statements that are kept prepared; the texts of queries over lists differ by the lists' lengths. */
const KEPT = 200;
/** Statements that were sent once are remembered up to so many: most of those are of migrations, and never come again. */
const REMEMBERED = 1_000;

/** The first bytes of messages to the database: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const SIMPLE_QUERY = 0x51;
const SYNC = 0x53;
const isSync = (message: Uint8Array) => message[0] === SYNC && message.length === 5;

type Messages = Awaited<ReturnType<PGlite['execProtocolStream']>>;

/** A prepared statement: its name, the types of its parameters and what the database said of its columns. */
type Prepared = { name: string; types: number[]; columns: Messages };

/**
 * A PGlite that prepares each statement under a name once it is sent again, as `PreparingClient` does for Postgres, and sends
 * all of a query at once. PGlite itself has each query parsed, planned and described anew, in six calls.
 */
export class PreparingPglite extends PGlite {
  readonly #prepared = new Map<string, Prepared>();
  readonly #once = new Set<string>();
  #synced = false;

  override async query<T>(text: string, params: unknown[] = [], options?: QueryOptions): Promise<Results<T>> {
    await this._checkReady();
    return this._runExclusiveTransaction(() => this.#run<T>(text, params, options));
  }

  /** A query without parameters comes this way as well, and is nothing else: a queue fetches its jobs by one. */
  override async exec(text: string, options?: QueryOptions): Promise<Results[]> {
    return /;\s*\S/.test(text) ? super.exec(text, options) : [await this.query<Row>(text, [], options)];
  }

  override transaction<T>(callback: (tx: Transaction) => Promise<T>): Promise<T> {
    return super.transaction((tx) => {
      const query: Transaction['query'] = (text, params, options) =>
        tx.closed ? tx.query(text, params, options) : this.#run(text, params, options);
      return callback(Object.create(tx, { query: { value: query } }) as Transaction);
    });
  }

  /** PGlite sends a Sync behind a simple query too, which has ended by itself: half of all that a short transaction sends. */
  override async execProtocolStream(message: Uint8Array, options?: ExecProtocolOptions): Promise<Messages> {
    if (this.#synced && isSync(message)) return [];
    this.#synced = false;
    const answer = await super.execProtocolStream(message, options);
    this.#synced = message[0] === SIMPLE_QUERY;
    return answer;
  }

  #run<T>(text: string, params: unknown[] = [], options: QueryOptions = {}): Promise<Results<T>> {
    return this._runExclusiveQuery(async () => {
      const { name, types, columns } = this.#prepared.get(text) ?? (await this.#prepare(text));
      const { bind, execute, sync } = protocol.serialize;
      const values = params.map((value, index) => this.#serialized(value, types[index]!));
      const messages = await this.#send([bind({ statement: name, values }), execute({}), sync()]);
      if (!this.isInTransaction()) await this.syncToFs();
      const { parsers: own, ...others } = options;
      // PGlite would copy its hundreds of parsers for each query that brings some of its own.
      const parsers = own ? (Object.assign(Object.create(this.parsers), own) as PGlite['parsers']) : this.parsers;
      return parse.parseResults([...columns, ...messages], parsers, others)[0] as Results<T>;
    });
  }

  async #prepare(text: string): Promise<Prepared> {
    const name = this.#once.has(text) && this.#prepared.size < KEPT ? `nofx_${this.#prepared.size}` : '';
    if (this.#once.size >= REMEMBERED) this.#once.clear();
    this.#once.add(text);
    const { parse: parsed, describe, sync } = protocol.serialize;
    const messages = await this.#send([parsed({ name, text }), describe({ type: 'S', name }), sync()]);
    const prepared = {
      name,
      types: parse.parseDescribeStatementResults(messages),
      columns: messages.filter((message) => message.name === 'rowDescription'),
    };
    if (name) this.#prepared.set(text, prepared);
    return prepared;
  }

  #send(messages: Uint8Array[]): Promise<Messages> {
    return this.execProtocolStream(Buffer.concat(messages), { syncToFs: false });
  }

  #serialized(value: unknown, type: number): string | null {
    if (value === null || value === undefined) return null;
    const serialize = this.serializers[type] ?? String;
    return serialize(value);
  }
}
