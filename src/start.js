/**
 * What `npm start` starts. The only file that is not TypeScript, so that Node need not load what strips the types before it
 * is told where the stripped and compiled code is kept: 12 MB and half a second of each later start. Where nothing can be
 * written there it goes without.
 */
import { join } from 'node:path';
import { enableCompileCache, flushCompileCache } from 'node:module';

enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/nofx'));
// It is written at the end of a process, which may be a kill.
setTimeout(flushCompileCache, 10_000).unref();
await import('./main.ts');
