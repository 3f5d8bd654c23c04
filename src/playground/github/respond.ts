import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

export type ValidationError = { resource: string; code: string; field?: string; message?: string; value?: unknown };

const DOCS = 'https://docs.github.com/rest';

/** Ends the request with GitHub's error JSON. */
export function fail(status: number, message: string, extra: Record<string, unknown> = {}): never {
  const body = JSON.stringify({ message, ...extra, documentation_url: DOCS, status: String(status) });
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  throw new HTTPException(status as ContentfulStatusCode, { res: new Response(body, { status, headers }) });
}

export const notFound = (): never => fail(404, 'Not Found');

/** 422 in the shape of GitHub's validation errors. */
export function invalid(...errors: ValidationError[]): never {
  return fail(422, 'Validation Failed', { errors });
}

/** The JSON body as an object; an empty body is `{}`, as GitHub takes it. 400 when it is not JSON. */
export async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail(400, 'Problems parsing JSON');
  }
  // `POST …/labels` takes a bare array too.
  if (Array.isArray(value)) return { labels: value };
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A text field; 422 when it is missing (and required) or of another type. */
export function text(body: Record<string, unknown>, field: string, resource: string, required = true): string {
  const value = body[field];
  if (typeof value === 'string' && (value !== '' || !required)) return value;
  if (!required && (value === undefined || value === null)) return '';
  return invalid({ resource, field, code: value === undefined || value === '' ? 'missing_field' : 'invalid' });
}

/** One page of a list: `per_page` (30, at most 100) and `page`, with GitHub's Link header. */
export function page<T>(c: Context, items: T[]): T[] {
  const perPage = Math.min(100, Math.max(1, Number(c.req.query('per_page') ?? 30) || 30));
  const number = Math.max(1, Number(c.req.query('page') ?? 1) || 1);
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const link = (target: number, rel: string) => {
    const url = new URL(c.req.url);
    url.searchParams.set('page', String(target));
    return `<${url.href}>; rel="${rel}"`;
  };
  const links = [
    ...(number > 1 ? [link(number - 1, 'prev')] : []),
    ...(number < last ? [link(number + 1, 'next'), link(last, 'last')] : []),
    ...(number > 1 ? [link(1, 'first')] : []),
  ];
  if (links.length > 0) c.header('link', links.join(', '));
  return items.slice((number - 1) * perPage, number * perPage);
}
