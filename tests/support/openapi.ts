import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';

type Parameter = { name: string; in: string; required: boolean; multiSegment: boolean; schema: object };
type Operation = {
  parameters: Parameter[];
  body: { required: boolean; schema: object | null } | null;
  responses: Record<string, object | null>;
};
type Fixture = {
  operations: Record<string, Operation>;
  webhooks: Record<string, object>;
  components: object;
};

export type ApiRequest = { method: string; path: string; query: Record<string, string>; body?: unknown };
export type ApiResponse = { method: string; path: string; status: number; body?: unknown };

const addFormats = addFormatsModule as unknown as (ajv: Ajv) => void;
const ROOT = 'github';

/**
 * Judges requests, answers and webhooks by GitHub's own OpenAPI description, cut down to what NOFX uses
 * (`scripts/prune-openapi.ts`). `path` is below the API's root and still percent-encoded. Each function
 * gives the problems it found: none means that all is well. Stricter than GitHub in one thing: query
 * parameters and top-level fields that the description does not know are problems, for they are typos.
 */
export function createGitHubValidator() {
  const fixture = JSON.parse(
    readFileSync(new URL('../fixtures/github-openapi.json', import.meta.url), 'utf8'),
  ) as Fixture;
  const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false, validateFormats: true });
  addFormats(ajv);
  // Not part of ajv-formats: GitHub's own words for git URLs and the like say nothing to check.
  for (const format of ['repo.nwo', 'ghs']) ajv.addFormat(format, true);
  ajv.addSchema({ $id: ROOT, components: fixture.components });
  const compiled = new Map<object, ValidateFunction>();
  const routes = Object.entries(fixture.operations).map(([name, operation]) => routeOf(name, operation));

  function problemsOf(schema: object, value: unknown, where: string): string[] {
    let validate = compiled.get(schema);
    if (!validate) {
      // References begin at the root of the fixture.
      validate = ajv.compile(
        JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', `"${ROOT}#/components/`)) as object,
      );
      compiled.set(schema, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const detail = 'additionalProperty' in params ? ` "${params['additionalProperty']}"` : '';
      return `${where}${instancePath}: ${message}${detail}`;
    });
  }

  /** Of the routes that fit, the one with most literal segments: `/issues/comments/1` is no issue. */
  function find(method: string, asked: string): Match | null {
    // Where GitHub's redirects of renamed repositories lead: the same operations, by id.
    const path = asked.replace(/^\/repositories\/\d+(?=\/|$)/, '/repos/by/id');
    const fitting = routes
      .filter((route) => route.method === method.toUpperCase())
      .map((route) => ({ route, match: route.pattern.exec(path) }))
      .filter(({ match }) => match !== null)
      .sort((a, b) => b.route.literals - a.route.literals);
    const [best] = fitting;
    return best ? { ...best.route, values: best.match!.groups ?? {} } : null;
  }

  return {
    /** The operation that a request calls, as in GitHub's reference; null when it is none that NOFX may call. */
    operation: (method: string, path: string): string | null => find(method, path)?.name ?? null,

    request({ method, path, query, body }: ApiRequest): string[] {
      // Described elsewhere; the stand-in refuses what does not fit.
      if (path === '/graphql') return [];
      const found = find(method, path);
      if (!found) return [`unknown operation: ${method} ${path}`];
      const { operation, name } = found;
      return [...pathProblems(found), ...queryProblems(operation, query), ...bodyProblems(operation, body)].map(
        (problem) => `${name}: ${problem}`,
      );
    },

    /** Only answers of success are described; others pass. */
    response({ method, path, status, body }: ApiResponse): string[] {
      const found = find(method, path);
      if (!found) return [`unknown operation: ${method} ${path}`];
      if (status < 200 || status > 299) return [];
      const schema = found.operation.responses[status];
      if (schema === undefined) return [`${found.name}: GitHub never answers ${status}`];
      if (schema === null) return [];
      return problemsOf(schema, body, 'response').map((problem) => `${found.name}: ${problem}`);
    },

    /** `event` and `action` as in the headers and the payload of a webhook. */
    webhook(event: string, action: string | null, payload: unknown): string[] {
      const name = [event.replaceAll('_', '-'), ...(action ? [action.replaceAll('_', '-')] : [])].join('-');
      const schema = fixture.webhooks[name];
      return schema ? problemsOf(schema, payload, name) : [`unknown webhook: ${name}`];
    },
  };

  function pathProblems({ operation, values }: Match): string[] {
    return operation.parameters
      .filter((parameter) => parameter.in === 'path')
      .flatMap((parameter) => {
        const raw = decodeURIComponent(values[slug(parameter.name)] ?? '');
        return problemsOf(parameter.schema, typed(parameter.schema, raw), `path ${parameter.name}`);
      });
  }

  function queryProblems(operation: Operation, query: Record<string, string>): string[] {
    const known = operation.parameters.filter((parameter) => parameter.in === 'query');
    const strange = Object.keys(query).filter((name) => !known.some((parameter) => parameter.name === name));
    return [
      ...strange.map((name) => `query: unknown parameter "${name}"`),
      ...known.flatMap((parameter) => {
        const raw = query[parameter.name];
        if (raw === undefined) return parameter.required ? [`query: "${parameter.name}" is missing`] : [];
        return problemsOf(parameter.schema, typed(parameter.schema, raw), `query ${parameter.name}`);
      }),
    ];
  }

  function bodyProblems({ body: expected }: Operation, body: unknown): string[] {
    const isEmpty = body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0);
    if (!expected) return isEmpty ? [] : ['body: this request has none'];
    if (body === undefined) return expected.required ? ['body: it is missing'] : [];
    if (!expected.schema) return [];
    return [...problemsOf(expected.schema, body, 'body'), ...strangeFields(expected.schema, body)];
  }
}

type Route = { name: string; method: string; operation: Operation; pattern: RegExp; literals: number };
type Match = Route & { values: Record<string, string> };

const slug = (name: string): string => name.replaceAll('-', '_');

function routeOf(name: string, operation: Operation): Route {
  const [method = '', template = ''] = name.split(' ');
  const many = new Set(operation.parameters.filter((one) => one.multiSegment).map((one) => one.name));
  const source = template
    .split(/(\{[^}]+\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
      const parameter = part.slice(1, -1);
      return `(?<${slug(parameter)}>${many.has(parameter) ? '.+' : '[^/]+'})`;
    })
    .join('');
  const literals = template.split('/').filter((part) => part !== '' && !part.startsWith('{')).length;
  return { name, method, operation, pattern: new RegExp(`^${source}$`), literals };
}

/** Paths and queries are text: "7" is a number where one is described. */
function typed(schema: object, raw: string): unknown {
  const { type } = schema as { type?: string };
  if ((type === 'integer' || type === 'number') && /^-?\d+$/.test(raw)) return Number(raw);
  if (type === 'boolean' && /^(true|false)$/.test(raw)) return raw === 'true';
  return raw;
}

/** Top-level fields that no alternative of the schema names. */
function strangeFields(schema: object, body: unknown): string[] {
  const known = new Set<string>();
  let isOpen = false;
  const visit = (part: Record<string, unknown>): void => {
    for (const name of Object.keys((part['properties'] ?? {}) as object)) known.add(name);
    if (part['additionalProperties'] === true || part['$ref']) isOpen = true;
    for (const key of ['oneOf', 'anyOf', 'allOf']) ((part[key] ?? []) as Record<string, unknown>[]).forEach(visit);
  };
  visit(schema as Record<string, unknown>);
  if (isOpen || known.size === 0 || typeof body !== 'object' || body === null || Array.isArray(body)) return [];
  return Object.keys(body)
    .filter((name) => !known.has(name))
    .map((name) => `body: unknown field "${name}"`);
}
