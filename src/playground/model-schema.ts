import { z } from 'zod';

/**
 * The part of JSON Schema that the Messages API can hold a reply to; the rest it refuses.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */

type Schema = Record<string, unknown>;

const ANNOTATIONS = ['title', 'description', 'default', '$schema', '$defs', 'definitions'];
const COMBINED = ['anyOf', 'allOf', '$ref', 'enum', 'const'];
const BY_TYPE: Record<string, string[]> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems'],
  string: ['format', 'pattern', 'enum', 'const'],
  integer: ['enum', 'const'],
  number: ['enum', 'const'],
  boolean: ['enum', 'const'],
  null: [],
};
const MOST_OPTIONAL = 24;
const MOST_UNIONS = 16;

/** The first thing in a schema that the API would refuse, in words, or null. */
export function schemaProblem(schema: Schema): string | null {
  const all = [...parts(schema, '')];
  const found = all.map(([at, part]) => problemOf(part, at)).find((problem) => problem !== null);
  if (found !== undefined) return found;
  const optional = all.reduce((sum, [, part]) => sum + optionalOf(part), 0);
  if (optional > MOST_OPTIONAL) return `has ${optional} optional parameters; at most ${MOST_OPTIONAL} are supported`;
  const unions = all.filter(([, part]) => 'anyOf' in part || Array.isArray(part['type'])).length;
  return unions > MOST_UNIONS
    ? `has ${unions} parameters with union types; at most ${MOST_UNIONS} are supported`
    : null;
}

function problemOf(schema: Schema, at: string): string | null {
  const where = at === '' ? 'the schema' : at;
  const types = [schema['type'] ?? []].flat() as string[];
  const unknown = types.find((type) => !Object.hasOwn(BY_TYPE, type));
  if (unknown !== undefined) return `${where}: unknown type '${unknown}'`;
  if (types.length === 0 && !COMBINED.some((key) => key in schema)) return `${where}: must have a type`;
  const allowed = [...ANNOTATIONS, ...COMBINED, 'type', ...types.flatMap((type) => BY_TYPE[type]!)];
  const extra = Object.keys(schema).find((key) => !allowed.includes(key));
  if (extra !== undefined) return `${where}: property '${extra}' is not supported`;
  if (types.includes('object') && schema['additionalProperties'] !== false) {
    return `${where}: For 'object' type, 'additionalProperties' must be explicitly set to false`;
  }
  const least = schema['minItems'];
  if (least !== undefined && least !== 0 && least !== 1) return `${where}: 'minItems' must be 0 or 1`;
  const ref = schema['$ref'];
  if (typeof ref === 'string' && !/^#\/(?:\$defs|definitions)\//.test(ref))
    return `${where}: external '$ref' is not supported`;
  return null;
}

function optionalOf(schema: Schema): number {
  const required = (schema['required'] ?? []) as string[];
  return Object.keys((schema['properties'] ?? {}) as Schema).filter((name) => !required.includes(name)).length;
}

/** A schema and all that it is made of, each with its place. */
function* parts(schema: Schema, at: string): Generator<[at: string, schema: Schema]> {
  yield [at, schema];
  for (const key of ['properties', '$defs', 'definitions']) {
    for (const [name, part] of Object.entries((schema[key] ?? {}) as Record<string, Schema>)) {
      yield* parts(part, `${at}/${name}`);
    }
  }
  for (const key of ['anyOf', 'allOf']) {
    for (const [index, part] of ((schema[key] ?? []) as Schema[]).entries())
      yield* parts(part, `${at}/${key}/${index}`);
  }
  if (schema['items']) yield* parts(schema['items'] as Schema, `${at}/items`);
}

/** Why a text is not what the schema asks for, in words, or null. The API never sends such a reply: a script is wrong. */
export function mismatch(schema: Schema, text: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const parsed = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
  return parsed.success ? null : z.prettifyError(parsed.error);
}
