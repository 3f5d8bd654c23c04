/** A request that was not sent, because what was asked before it said no (`cause`). */
export class Unsent extends Error {
  // What bears this name goes through Octokit as it is: it is neither taken for a cut connection nor tried again.
  override readonly name = 'AbortError';
}

/** Asked before each request that changes something at GitHub; it throws where that is not to be sent. */
export type BeforeWrite = () => Promise<void>;

/**
 * A fetch whose every request has a time limit: Octokit's requests have none of their own. It is below all that Octokit's plugins
 * send again by themselves, so `beforeWrite` is asked about each sending.
 */
export function timed(timeoutMs = 30_000, beforeWrite: BeforeWrite = async () => {}): typeof fetch {
  return async (input, init) => {
    if (changes(input instanceof Request ? input.url : String(input), init)) {
      await beforeWrite().catch((cause: unknown) => {
        throw new Unsent('a request was not sent', { cause });
      });
    }
    const limit = AbortSignal.timeout(timeoutMs);
    return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit });
  };
}

/** A token that is made changes nothing, and reading takes one. */
function changes(url: string, init: RequestInit = {}): boolean {
  return !['GET', 'HEAD'].includes(init.method ?? 'GET') && !url.endsWith('/access_tokens');
}

/** For clients whose words are nothing to anybody: what fails is thrown. */
export const silent = { debug() {}, info() {}, warn() {}, error() {} };
