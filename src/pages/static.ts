import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hono } from 'hono';
import type { PageEnv } from './env.ts';

/** In this order; what comes later goes before where both say something. */
const SHEETS = ['base', 'frame', 'parts', 'forms', 'tables', 'figures', 'runs', 'run', 'panels', 'setup'];

const read = (name: string) => readFileSync(join(import.meta.dirname, 'static', name), 'utf8');

/** One sheet for all pages: it is small, is asked for once, and no page is ever seen without the whole of it. */
const style = asset('style.css', 'text/css', SHEETS.map((name) => read(`styles/${name}.css`)).join('\n'));
const script = asset('live.js', 'text/javascript', read('live.js'));

export const stylePath = style.path;
export const scriptPath = script.path;

/** The style sheet and the script, the same for everybody. */
export function staticRoutes(pages: Hono<PageEnv>): void {
  for (const { name, type, text, version } of [style, script]) {
    pages.get(`/ui/${name}`, (c) => {
      // Its address changes when it does, so browsers may keep it; but not where another version was asked for, as is while
      // servers are replaced one by one.
      const isAsked = c.req.query('v') === version;
      const kept = isAsked ? 'public, max-age=31536000, immutable' : 'no-store';
      return c.body(text, 200, { 'Cache-Control': kept, 'Content-Type': `${type}; charset=utf-8` });
    });
  }
}

function asset(name: string, type: string, text: string) {
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { name, type, text, version, path: `/ui/${name}?v=${version}` };
}
