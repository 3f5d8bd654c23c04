import type { MiddlewareHandler } from 'hono';
import { isStorable } from '../domain/storable.ts';
import { ApiProblem } from './problem.ts';

/** Refuses text that Postgres does not keep: whoever sends it to an API can be told, and would not know it again. */
export function storable(): MiddlewareHandler {
  return async (c, next) => {
    if (/%00/.test(c.req.url)) throw unfit();
    const type = c.req.header('content-type') ?? '';
    if (type.includes('form-urlencoded') && /%00/.test(await c.req.text())) throw unfit();
    if (type.includes('json') && !isStorable(await c.req.text())) throw unfit();
    return next();
  };
}

function unfit(): ApiProblem {
  return new ApiProblem('invalid', { detail: 'Text may hold neither U+0000 nor half a character.' });
}
