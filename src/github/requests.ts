/** A fetch whose every request has a time limit: Octokit's requests have none of their own. */
export function timed(timeoutMs = 30_000): typeof fetch {
  return (input, init) => {
    const limit = AbortSignal.timeout(timeoutMs);
    return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit });
  };
}

/** For clients whose words are nothing to anybody: what fails is thrown. */
export const silent = { debug() {}, info() {}, warn() {}, error() {} };
