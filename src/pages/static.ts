import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hono } from 'hono';
import type { PageEnv } from './env.ts';

const [style, script] = ['style.css', 'live.js'].map((name) => {
  const text = readFileSync(join(import.meta.dirname, 'static', name), 'utf8');
  return { text, path: `/ui/${name}?v=${createHash('sha256').update(text).digest('hex').slice(0, 12)}` };
}) as [{ text: string; path: string }, { text: string; path: string }];

export const stylePath = style.path;
export const scriptPath = script.path;

/** The style sheet and the script, the same for everybody. Their addresses change when they do, so browsers may keep them. */
export function staticRoutes(pages: Hono<PageEnv>): void {
  const kept = { 'Cache-Control': 'public, max-age=31536000, immutable' };
  pages.get('/ui/style.css', (c) => c.body(style.text, 200, { ...kept, 'Content-Type': 'text/css; charset=utf-8' }));
  pages.get('/ui/live.js', (c) =>
    c.body(script.text, 200, { ...kept, 'Content-Type': 'text/javascript; charset=utf-8' }),
  );
}
