import type { Octokit } from './client.ts';
import { silent, timed, type BeforeWrite } from './requests.ts';

/**
 * A client for whoever a personal token belongs to, where there is no app. It has no plugin that waits or sends again: what
 * fails goes back to the queue.
 */
export async function personalOctokit(
  token: string,
  options: { baseUrl?: string; timeoutMs?: number; beforeWrite?: BeforeWrite } = {},
): Promise<Octokit> {
  // Only where there is such a token.
  const { Octokit: RestOctokit } = await import('@octokit/rest');
  return new RestOctokit({
    auth: token,
    baseUrl: options.baseUrl,
    userAgent: 'nofx',
    log: silent,
    request: { fetch: timed(options.timeoutMs, options.beforeWrite) },
  });
}
