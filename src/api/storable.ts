import type { MiddlewareHandler } from 'hono';
import { ApiProblem } from './problem.ts';

/** How JSON writes U+0000 and halves of characters: the only way for them to come in a body. */
const SUSPECT = /\\u(0000|d[89a-f])/i;

/** Refuses text that Postgres does not keep: U+0000, and halves of characters. To it they would be our own fault. */
export function storable(): MiddlewareHandler {
  return async (c, next) => {
    if (/%00/.test(c.req.url)) throw unfit();
    const type = c.req.header('content-type') ?? '';
    if (type.includes('form-urlencoded') && /%00/.test(await c.req.text())) throw unfit();
    if (type.includes('json')) {
      const body = await c.req.text();
      if (body.includes('\0') || (SUSPECT.test(body) && !isStorable(body))) throw unfit();
    }
    return next();
  };
}

function unfit(): ApiProblem {
  return new ApiProblem('invalid', { detail: 'Text may hold neither U+0000 nor half a character.' });
}

/** False for JSON with such text in it. What is no JSON at all is refused elsewhere. */
function isStorable(body: string): boolean {
  try {
    let fit = true;
    JSON.parse(body, (name, value: unknown) => {
      if (!isFit(name) || (typeof value === 'string' && !isFit(value))) fit = false;
      return value;
    });
    return fit;
  } catch {
    return true;
  }
}

function isFit(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
