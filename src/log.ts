import { DrizzleQueryError } from 'drizzle-orm/errors';
import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger };

export type LogOptions = {
  level: string;
  /** Takes every secret out of a text. Must keep a line of JSON a line of JSON. */
  redact: (text: string) => string;
  /** Asked for every line: what is being worked on. */
  fields?: () => Record<string, unknown>;
  /** Where lines go; default: standard output. */
  destination?: DestinationStream;
};

/** Causes below this one are cut off: chains are short, and one that bites its own tail has no end. */
const MAX_CAUSES = 8;

/**
 * A pino logger that writes lines of JSON. Secrets are taken out of the finished line, whatever field, child binding,
 * message or stack they came in by, so that no call has to think of it.
 */
export function createLogger({ level, redact, fields, destination = standardOutput() }: LogOptions): Logger {
  const serializers = { err: describe, error: describe, cause: describe };
  const options = {
    level,
    serializers,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    ...(fields && { mixin: fields }),
  };
  return pino(options, {
    write(line: string) {
      destination.write(redactLine(line, redact));
    },
  });
}

/** An error as plain data with its chain of causes; anything else as it is. Own fields come along (code, status, …). */
function describe(error: unknown, depth = 0): unknown {
  if (error instanceof DrizzleQueryError) return { ...Object(describe(error.cause, depth)), query: error.query };
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause, ...fields } = Object.assign({}, error, {
    name: error.name,
    message: error.message,
    stack: error.stack,
    cause: error.cause,
  });
  const next = (value: unknown) => (depth < MAX_CAUSES ? describe(value, depth + 1) : '…');
  const causes = cause === undefined ? {} : { cause: next(cause) };
  // A refused connection to a name with two addresses is one of these, with an empty message of its own.
  const several = error instanceof AggregateError ? { errors: error.errors.map(next) } : {};
  return { type: name, message, stack, ...fields, ...causes, ...several };
}

/** What JSON makes of a buffer or a typed array. As numbers nobody would read it, nor find a secret in it. */
function bytesIn(value: unknown): number | null {
  if (typeof value !== 'object' || value === null) return null;
  const { type, data } = value as { type?: unknown; data?: unknown };
  if (type === 'Buffer' && Array.isArray(data)) return data.length;
  const entries = Array.isArray(value) ? [] : Object.entries(value);
  const counted = entries.every(([key, part], index) => key === String(index) && typeof part === 'number');
  return counted && entries.length > 0 ? entries.length : null;
}

/**
 * In JSON a secret may be spelt with escapes (a PEM's line breaks, quotes), which an exact search in the line would
 * miss: so its strings are redacted as they read, and then the line once more as a whole.
 */
function redactLine(line: string, redact: (text: string) => string): string {
  let clean: string;
  try {
    clean = `${JSON.stringify(JSON.parse(line, (_key, value: unknown) => cleanPart(value, redact)))}\n`;
  } catch {
    clean = line;
  }
  return redact(clean);
}

function cleanPart(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  const bytes = bytesIn(value);
  return bytes === null ? value : `[${bytes} bytes]`;
}

/** Synchronous, so that the last words of a dying process are written. */
function standardOutput(): DestinationStream {
  return pino.destination({ dest: 1, sync: true });
}
