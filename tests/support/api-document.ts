import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { createApi } from '../../src/api/api.ts';
import type { OpenApiDocument } from '../../src/api/document.ts';
import type { PageDeps } from '../../src/pages/env.ts';

const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;

export type Operation = {
  id: string;
  method: string;
  /** with its parameters in braces */
  path: string;
  takesBody: boolean;
  /** one query for each of its parameters alone: `status=queued` */
  queries: string[];
  /** content type → schema, for each status; none where the answer has no body */
  answers: Record<number, Record<string, object>>;
};

/** The document that `/openapi.json` serves. Making it takes nothing that an API works with. */
export async function readApiDocument(): Promise<OpenApiDocument> {
  const api = createApi({ adapters: { redact: (text: string) => text } } as unknown as PageDeps);
  return (await (await api.request('/openapi.json')).json()) as OpenApiDocument;
}

/** Every operation of the document, in its order. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    (['get', 'post', 'patch', 'put', 'delete'] as const).flatMap((method) => {
      const found = item[method];
      if (!found) return [];
      const answers = Object.entries(found.responses ?? {}).map(([status, response]) => {
        const { content = {} } = response as { content?: Record<string, { schema: object }> };
        return [status, Object.fromEntries(Object.entries(content).map(([type, { schema }]) => [type, schema]))];
      });
      return [
        {
          id: found.operationId!,
          method: method.toUpperCase(),
          path,
          takesBody: found.requestBody !== undefined,
          queries: ((found.parameters ?? []) as Parameter[]).flatMap((one) =>
            one.in === 'query' ? [`${one.name}=${sampleOf(one.schema)}`] : [],
          ),
          answers: Object.fromEntries(answers) as Operation['answers'],
        },
      ];
    }),
  );
}

type Parameter = { in: string; name: string; schema?: { enum?: string[]; type?: string; minimum?: number } };

function sampleOf({ enum: known, type, minimum }: NonNullable<Parameter['schema']> = {}): string {
  return known?.[0] ?? (type === 'integer' ? String(minimum ?? 1) : 'octocat');
}

/** What every answer has to say, whatever it is about. */
const HEADERS: Record<string, RegExp> = {
  'x-request-id': /./,
  'content-security-policy': /default-src 'none'/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^no-referrer$/,
  'strict-transport-security': /max-age/,
  'cache-control': /^no-store$/,
};

/** What answers of a status have to say besides. */
const HEADERS_OF: Record<number, Record<string, RegExp>> = {
  201: { location: /^\// },
  302: { location: /^https?:/ },
  401: { 'www-authenticate': /Bearer/ },
  416: { 'content-range': /^bytes \*\/\d+$/ },
  429: { 'retry-after': /^\d+$/ },
  503: { 'retry-after': /^\d+$/ },
};

/**
 * Holds answers against the document: status, content type, body, headers. Stricter than it in one thing: a field that
 * is not in it is a problem, for nobody can know of it.
 */
export function createApiJudge(document: OpenApiDocument) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema({ $id: 'api', components: closed(document.components) });
  const compile = (schema: object) =>
    ajv.compile(closed(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/'))));

  /** Gives the problems it found: none means that all is well. It reads the answer to its end. */
  return async ({ answers }: Operation, answer: Response): Promise<string[]> => {
    const { status, headers } = answer;
    const text = await answer.text();
    const documented = answers[status];
    if (!documented) return [`the status ${status} is not in the document: ${text}`];
    const problems = Object.entries({ ...HEADERS, ...HEADERS_OF[status] })
      .filter(([name, pattern]) => !pattern.test(headers.get(name) ?? ''))
      .map(([name]) => `the header ${name} is ${headers.get(name)}`);
    if (headers.has('access-control-allow-origin')) problems.push('other sites may read it');
    const type = (headers.get('content-type') ?? '').split(';')[0]!;
    if (Object.keys(documented).length === 0) return text === '' ? problems : [...problems, `it has a body: ${text}`];
    // An artifact has its own type.
    const schema = documented[type] ?? documented['application/octet-stream'];
    if (!schema) return [...problems, `the content type ${type} is not in the document`];
    if (!type.endsWith('json')) return problems;
    const body: unknown = JSON.parse(text);
    const validate = compile(schema);
    if (!validate(body)) problems.push(ajv.errorsText(validate.errors, { dataVar: 'answer' }));
    if (status >= 400) {
      const { status: said, request_id: id } = body as { status: number; request_id: string };
      if (said !== status || id !== headers.get('x-request-id'))
        problems.push(`its body is of another answer: ${text}`);
    }
    return problems;
  };
}

/** The schema with every object closed to fields that it does not name. */
function closed(schema: unknown): object {
  return JSON.parse(
    JSON.stringify(schema, (_name, part: unknown) =>
      typeof part === 'object' && part !== null && 'properties' in part && !('additionalProperties' in part)
        ? { ...part, additionalProperties: false }
        : part,
    ),
  ) as object;
}
