import { InternalError, messageOf, RetryableError } from '../errors.ts';
import { keyOf, sha256 } from './key.ts';
import { type Backend, createLocalBackend, type Signer, tidyLocal } from './local.ts';
import type { ArtifactStore } from './port.ts';
import { createSupabaseBackend, type SupabaseOptions } from './supabase.ts';

/** The part of a pino logger that is used. */
type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

export type ArtifactStoreOptions = {
  /** folder for artifacts that are kept on disk */
  localRoot: string;
  /** absent or null: everything on disk */
  supabase?: SupabaseOptions | null;
  log: Log;
  /** After a failure, how long Supabase is left alone before the next try, in ms. Default 30,000. */
  restMs?: number;
};

/**
 * Artifacts in Supabase where it is configured and answers, on this machine's disk otherwise: a run does not fail
 * because storage is down. Which it was stands in the reference, and reading goes there.
 *
 * Things that bite: what was stored on disk during an outage can be read on this machine only.
 */
export function createArtifactStore({
  localRoot,
  supabase,
  log,
  restMs = 30_000,
}: ArtifactStoreOptions): ArtifactStore {
  const local = createLocalBackend(localRoot);
  const remote = supabase ? restAfterFailure(createSupabaseBackend(supabase), restMs, log) : null;

  return {
    async put(path, bytes, contentType) {
      const key = keyOf(path);
      const stored = (await remote?.tryWrite(key, bytes, contentType)) ?? false;
      if (!stored) await local.write(key, bytes, contentType);
      const driver = stored ? 'supabase' : 'local';
      return { path, driver, sha256: sha256(bytes), size: bytes.length, contentType };
    },

    async get(ref) {
      const key = keyOf(ref.path);
      if (ref.driver === 'supabase' && !remote) {
        throw new InternalError(`Artifact ${ref.path} is in Supabase, which this process is not configured for.`);
      }
      const bytes = ref.driver === 'supabase' && remote ? await remote.read(key) : await local.read(key);
      if (!bytes) throw new InternalError(`Artifact ${ref.path} is gone (${ref.driver}).`);
      const found = sha256(bytes);
      if (found !== ref.sha256) {
        throw new InternalError(
          `Artifact ${ref.path} has changed since it was stored: sha256 ${found}, not ${ref.sha256}.`,
        );
      }
      return bytes;
    },

    async signedUrl({ path, driver }, options) {
      return driver === 'supabase' && remote ? remote.sign(keyOf(path), options) : null;
    },

    async remove({ path, driver }) {
      const key = keyOf(path);
      if (driver === 'local') return local.remove(key);
      if (!remote)
        throw new InternalError(`Artifact ${path} is in Supabase, which this process is not configured for.`);
      await remote.remove(key);
    },

    tidy: (options) => tidyLocal(localRoot, options),
  };
}

/** A backend that, after it failed, is not asked to write again for a while: a run should not wait for each timeout. */
function restAfterFailure(backend: Backend & Signer, restMs: number, log: Log) {
  let failedAt: number | null = null;

  return {
    /** false where the bytes have to go elsewhere. The first failure is logged, and that it works again. */
    async tryWrite(key: string, bytes: Buffer, contentType: string): Promise<boolean> {
      if (failedAt !== null && performance.now() - failedAt < restMs) return false;
      try {
        await backend.write(key, bytes, contentType);
      } catch (err) {
        if (failedAt === null)
          log.warn({ err }, 'Supabase does not take artifacts: they are kept on this disk until it does');
        failedAt = performance.now();
        return false;
      }
      if (failedAt !== null) log.info({}, 'Supabase takes artifacts again');
      failedAt = null;
      return true;
    },

    async read(key: string): Promise<Buffer | null> {
      try {
        return await backend.read(key);
      } catch (cause) {
        throw new RetryableError(`Cannot read an artifact: ${messageOf(cause)}`, { cause });
      }
    },

    async sign(...given: Parameters<Signer['sign']>): Promise<string> {
      try {
        return await backend.sign(...given);
      } catch (cause) {
        throw new RetryableError(`Cannot give the address of an artifact: ${messageOf(cause)}`, { cause });
      }
    },

    async remove(key: string): Promise<void> {
      try {
        await backend.remove(key);
      } catch (cause) {
        throw new RetryableError(`Cannot remove an artifact: ${messageOf(cause)}`, { cause });
      }
    },
  };
}
