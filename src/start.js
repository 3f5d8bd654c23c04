/**
 * What `npm start` starts. The only file that is not TypeScript, so that Node need not load what strips the types before it
 * is told where the stripped and compiled code is kept: 12 MB and half a second of each later start. Where nothing can be
 * written there it goes without.
 *
 * The script `start` in package.json says how, and for each word there is a reason:
 * - `--no-concurrent-recompilation --no-concurrent-sparkplug`: code is compiled on the main thread. A helper thread that has
 *   no room for what it compiled waits for the main thread to collect garbage; where that waits for its helpers, at the
 *   start and at the end of a process, Node hangs for ever (https://github.com/nodejs/node/issues/54918).
 * - `--concurrent-marking-max-worker-num`: one thread looks for garbage beside the main one, and not up to four, which on two
 *   cores left it none: under 200 webhooks a second it stood still for up to a tenth of a second, once or twice in each.
 * - `exec env`: a signal to npm reaches NOFX, and not a shell between them.
 * - `MALLOC_MMAP_THRESHOLD_`: what it is by default, but fixed. glibc raises it with the first large block that is freed,
 *   which here is the compiled code, and keeps every later one for itself: 10 MB on Postgres, far more with PGlite.
 * - `--wasm-tiering-budget`: Node's own reader of CommonJS, which is WebAssembly, is not worth 8 MB to optimize.
 * - `--max-semi-space-size`, `--optimize-for-size`: a server that waits on others needs little room for garbage.
 */
import { join } from 'node:path';
import { enableCompileCache, flushCompileCache } from 'node:module';

enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/nofx'));
// It is written at the end of a process, which may be a kill.
setTimeout(flushCompileCache, 10_000).unref();
await import('./main.ts');
