import { distance } from 'fastest-levenshtein';
import { isMap, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { RepoConfig, repoConfigJsonSchema } from './repo-config.ts';

/** `line` counts from 1. */
export type ConfigProblem = { line: number; message: string };
export type RepoConfigResult = { ok: true; value: RepoConfig } | { ok: false; errors: ConfigProblem[] };

/** Parses the text of `.github/nofx.yml`. Every mistake is reported at once, in the order of the file. */
export function parseRepoConfig(text: string): RepoConfigResult {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  const lineAt = (offset: number) => Math.max(1, counter.linePos(offset).line);
  if (document.errors.length > 0) {
    return failed(document.errors.map((error) => ({ line: lineAt(error.pos[0]), message: error.message })));
  }

  let value: unknown;
  try {
    // Few aliases: an honest file has none, a "billion laughs" file has many.
    value = document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    return failed([{ line: 1, message: error instanceof Error ? error.message : String(error) }]);
  }

  const parsed = RepoConfig.safeParse(value ?? {}, { error: inOurWords });
  if (parsed.success) return { ok: true, value: parsed.data };
  return failed(
    parsed.error.issues.flatMap(leaves).map(({ path, message, key }) => ({
      line: lineAt(offsetOf(document, key === undefined ? path : [...path, key])),
      message: path.length > 0 ? `${nameOf(path)}: ${message}` : message,
    })),
  );
}

function failed(errors: ConfigProblem[]): RepoConfigResult {
  return { ok: false, errors: errors.toSorted((a, b) => a.line - b.line) };
}

/** `gates.test.command`; places in a list count from 1, as people do. */
function nameOf(path: PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `${part + 1}.` : String(part)))
    .join('.')
    .replaceAll('..', '.')
    .replace(/\.$/, '');
}

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
  record: 'a map of names and values',
};

/** What the schema says only in the language of its library. */
function inOurWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is missing';
      if (issue.input === null) return `is empty; leave it out, or make it ${KINDS[issue.expected] ?? issue.expected}`;
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    }
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? 'must not be empty'
        : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big': {
      const unit = { string: ' characters', array: ' entries' }[issue.origin as string] ?? '';
      return `must be at most ${issue.maximum}${unit}`;
    }
    default:
      return undefined;
  }
}

type Issue = z.core.$ZodIssue;
type Leaf = { path: PropertyKey[]; message: string; key?: string };

/** Unfolds unions (text or map) into what is wrong with the form that was meant. */
function leaves(issue: Issue): Leaf[] {
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((errors) => !errors.some(isAnotherForm));
    if (meant) return meant.flatMap((inner) => leaves({ ...inner, path: [...issue.path, ...inner.path] }));
    return [{ path: issue.path, message: `must be ${formsOf(issue.path).join(', or ')}` }];
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: issue.path, key, message: unknownKey(key, issue.path) }));
  }
  if (issue.code === 'invalid_key') {
    const key = String(issue.path.at(-1));
    return [
      { path: issue.path.slice(0, -1), key, message: `the name "${key}" ${issue.issues[0]?.message ?? ''}`.trim() },
    ];
  }
  return [{ path: issue.path, message: issue.message }];
}

/** The value is text where this form is a map, or the like: then another form was meant. */
function isAnotherForm({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

type Schema = {
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | false;
  items?: Schema;
};

const SCHEMA = repoConfigJsonSchema() as Schema;

/** The forms that the value of a path may have. */
function schemasAt(path: PropertyKey[]): Schema[] {
  return path.reduce<Schema[]>(
    (schemas, part) =>
      schemas
        .flatMap(
          (schema) =>
            (typeof part === 'number'
              ? schema.items
              : (schema.properties?.[String(part)] ?? schema.additionalProperties)) || [],
        )
        .flatMap((schema) => schema.anyOf ?? schema),
    [SCHEMA],
  );
}

function formsOf(path: PropertyKey[]): string[] {
  return schemasAt(path).map((schema) => {
    if (schema.enum) return `one of ${schema.enum.join(', ')}`;
    if (schema.properties)
      return `a map with ${Object.keys(schema.properties)
        .map((key) => `\`${key}\``)
        .join(', ')}`;
    return KINDS[schema.type ?? ''] ?? 'something else';
  });
}

function unknownKey(key: string, path: PropertyKey[]): string {
  const known = schemasAt(path).flatMap((schema) => Object.keys(schema.properties ?? {}));
  const nearest = known.map((name) => ({ name, edits: distance(key, name) })).sort((a, b) => a.edits - b.edits)[0];
  const hint =
    nearest && nearest.edits <= Math.max(2, Math.floor(nearest.name.length / 3))
      ? `Did you mean "${nearest.name}"?`
      : `Known here: ${known.join(', ')}.`;
  return `unknown key "${key}". ${hint}`;
}

/** Where in the text the key of that path stands; its nearest known ancestor otherwise. */
function offsetOf(document: Document, path: PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = document.getIn(path.slice(0, depth - 1), true);
    const owner = depth === 1 ? document.contents : parent;
    const key = path[depth - 1];
    if (isMap(owner)) {
      const pair = owner.items.find(
        (item) => String((item.key as { value?: unknown })?.value ?? item.key) === String(key),
      );
      const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range;
      if (range) return range[0];
    }
    const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}
