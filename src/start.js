/**
 * What `npm start` starts. The only file that is not TypeScript, so that Node need not load what strips the types before it
 * is told where the stripped and compiled code is kept: 12 MB and half a second of each later start. Where nothing can be
 * written there it goes without.
 *
 * The script `start` in package.json says how, and for each word there is a reason:
 * - `--no-concurrent-recompilation --no-concurrent-sparkplug`: code is compiled on the main thread. A helper thread that has
 *   no room for what it compiled waits for the main thread to collect garbage; where that waits for its helpers, at the
 *   start and at the end of a process, Node hangs for ever (https://github.com/nodejs/node/issues/54918).
 * - `--concurrent-marking-max-worker-num`: two threads look for garbage beside the main one, where as many as V8 has left it no
 *   core: under 200 webhooks a second on two cores it was late by up to a tenth of a second, once or twice in each. With one
 *   it takes so long that 8 MB more of garbage gather meanwhile.
 * - `exec env`: a signal to npm reaches NOFX, and not a shell between them.
 * - `MALLOC_MMAP_THRESHOLD_`: what it is by default, but fixed. glibc raises it with the first large block that is freed,
 *   which here is the compiled code, and keeps every later one for itself: 10 MB on Postgres, far more with PGlite.
 * - `MALLOC_ARENA_MAX`: glibc gives every thread a store of memory of its own, and takes nothing from one for another: 10 MB at
 *   work. Two are enough for a dozen threads that seldom ask.
 * - `--wasm-tiering-budget`: Node's own reader of CommonJS, which is WebAssembly, is not worth 8 MB to optimize.
 * - `--max-semi-space-size`, `--optimize-for-size`: a server that waits on others needs little room for garbage.
 */
import { join } from 'node:path';
import { enableCompileCache, flushCompileCache } from 'node:module';

enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/nofx'));
// It is written at the end of a process, which may be a kill.
setTimeout(flushCompileCache, 10_000).unref();
await import('./main.ts');
