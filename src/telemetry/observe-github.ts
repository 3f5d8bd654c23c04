import type { ProbotOctokit } from 'probot';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './port.ts';

type Octokit = Pick<InstanceType<typeof ProbotOctokit>, 'hook'>;
/** By an installation's id, by the name of a token, or for the app itself. */
type OctokitFor<Who, Client extends Octokit> = (who?: Who) => Promise<Client>;
type Headers = Record<string, string | number | undefined>;

/**
 * Watches the requests of every client that is handed out. What Octokit sends again by itself counts once, with
 * the answer that came last.
 */
export function observeOctokit<Who extends number | string, Client extends Octokit>(
  octokitFor: OctokitFor<Who, Client>,
  { metrics, tracing }: { metrics: Metrics; tracing: Tracing },
): OctokitFor<Who, Client> {
  const known = new WeakSet<Octokit>();

  return async (who) => {
    const octokit = await octokitFor(who);
    if (known.has(octokit)) return octokit;
    known.add(octokit);
    octokit.hook.wrap('request', async (request, options) => {
      const route = `${options.method} ${routeOf(options.url)}`;
      const attributes = { 'http.request.method': options.method, 'url.template': routeOf(options.url) };
      const sent = await tracing.span(`GitHub ${route}`, { kind: 'client', attributes }, async (span) => {
        const started = performance.now();
        const note = (status: number | undefined, headers: Headers = {}) => {
          span.set({ 'http.response.status_code': status });
          metrics.githubRequest(options.method, route, String(status ?? 'none'), (performance.now() - started) / 1000);
          const left = Number(headers['x-ratelimit-remaining'] ?? Number.NaN);
          if (typeof who === 'number' && Number.isFinite(left)) metrics.rateLimitRemaining(String(who), left);
        };
        try {
          const response = await request(options);
          note(response.status, response.headers);
          return { response };
        } catch (error) {
          const { status, response } = error as { status?: number; response?: { headers?: Headers } };
          note(status, response?.headers);
          // "Is there such a thing?" has been answered; no trace should look red for it.
          if (status === 404) return { error };
          throw error;
        }
      });
      if ('error' in sent) throw sent.error;
      return sent.response;
    });
    return octokit;
  };
}

/**
 * Routes are templates, `/repos/{owner}/{repo}/…`. Only where Octokit goes through pages are they whole addresses;
 * those end in what is listed, and that is told of them.
 */
function routeOf(url: string): string {
  if (url.startsWith('/')) return url;
  const [listed] = /[a-z-]+$/.exec(new URL(url).pathname) ?? [];
  return `…/${listed ?? 'other'}`;
}
