import { messageOf } from '../errors.ts';
import type { Backend, Signer } from './local.ts';

export type SupabaseOptions = {
  url: string;
  serviceRoleKey: string;
  bucket: string;
  /** Longest wait for one answer, in ms. Default 20,000. */
  timeoutMs?: number;
};

/**
 * Bytes in a private bucket of Supabase Storage, made when it is missing. Every failure is thrown as an Error that
 * says what was tried; whether that is the end of it is for the caller to say.
 */
export function createSupabaseBackend({
  url,
  serviceRoleKey,
  bucket,
  timeoutMs = 20_000,
}: SupabaseOptions): Backend & Signer {
  // Only where it is wanted, and once.
  const connect = async () => {
    const { createClient } = await import('@supabase/supabase-js');
    return createClient(url, serviceRoleKey, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      global: { fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) }) },
    }).storage;
  };
  let connected: ReturnType<typeof connect> | undefined;
  const storageOf = () => (connected ??= connect());
  let ready: Promise<void> | null = null;

  async function ensureBucket(): Promise<void> {
    const found = await (await storageOf()).getBucket(bucket);
    if (!found.error) {
      if (found.data.public)
        throw new Error(`bucket ${bucket} is public: make it private, artifacts are nobody else's`);
      return;
    }
    if (!isMissing(found.error)) throw failed(`look for bucket ${bucket}`, found.error);
    const made = await (await storageOf()).createBucket(bucket, { public: false });
    // Another process may have been quicker.
    if (made.error && !/exist/i.test(made.error.message)) throw failed(`make bucket ${bucket}`, made.error);
  }

  return {
    async write(key, bytes, contentType) {
      ready ??= ensureBucket();
      try {
        await ready;
      } catch (error) {
        ready = null;
        throw error;
      }
      const { error } = await (await storageOf()).from(bucket).upload(key, bytes, { contentType, upsert: true });
      if (error) {
        ready = null;
        throw failed(`store ${key}`, error);
      }
    },

    async read(key) {
      const { data, error } = await (await storageOf()).from(bucket).download(key);
      if (data) return Buffer.from(await data.arrayBuffer());
      if (isMissing(error)) return null;
      throw failed(`fetch ${key}`, error);
    },

    async sign(key, { seconds, fileName }) {
      const { data, error } = await (
        await storageOf()
      )
        .from(bucket)
        .createSignedUrl(key, seconds, { download: fileName });
      if (error) throw failed(`sign ${key}`, error);
      return data.signedUrl;
    },

    async remove(key) {
      const { error } = await (await storageOf()).from(bucket).remove([key]);
      if (error && !isMissing(error)) throw failed(`remove ${key}`, error);
    },
  };
}

type Failure = { message: string; status?: number; statusCode?: string };

/** Older servers answer 400 and put "404" into the body; newer ones answer 404 with a code. */
function isMissing(error: Failure): boolean {
  return error.status === 404 || error.statusCode === '404' || /^(NoSuch(Key|Bucket))$/.test(error.statusCode ?? '');
}

function failed(action: string, error: Failure): Error {
  const status = error.status ? ` (${error.status})` : '';
  return new Error(`Supabase would not ${action}: ${messageOf(error)}${status}`, { cause: error });
}
