import { ProbotOctokit } from 'probot';
import { createGitHubStandIn, type GitHubStandInOptions } from '../../src/playground/github-stand-in.ts';
import { createGitHubValidator } from './openapi.ts';

export type TestGitHub = Awaited<ReturnType<typeof startGitHub>>;

const validator = createGitHubValidator();

/**
 * Starts a stand-in whose every exchange is held against GitHub's description. `problems` collects what
 * does not fit (requests, and answers of success that no fault replaced); a test ends with
 * `expect(github.problems).toEqual([])`.
 */
export async function startGitHub(options: GitHubStandInOptions = {}) {
  const problems: string[] = [];
  const answered = new Set<string>();
  const github = await createGitHubStandIn({
    ...options,
    onExchange(exchange) {
      options.onExchange?.(exchange);
      problems.push(...validator.request(exchange));
      const operation = validator.operation(exchange.method, exchange.path);
      if (exchange.faulted || !operation) return;
      // Raw files are no JSON: there is nothing to hold them against.
      const isRaw = exchange.accept.includes('raw') && exchange.responseBody === undefined;
      if (!isRaw) problems.push(...validator.response({ ...exchange, body: exchange.responseBody }));
      if (exchange.status < 300) answered.add(operation);
    },
  });

  return {
    ...github,
    problems,
    /** The operations that were answered with success. */
    answered: answered as ReadonlySet<string>,
    /** Holds every webhook sent so far against GitHub's description. */
    webhookProblems: (): string[] =>
      github.deliveries().flatMap(({ event, action, request }) => validator.webhook(event, action, request.payload)),
    /** An Octokit of the app (by JWT), or of one installation. It neither waits nor tries again. */
    octokit: (installationId?: number | null) =>
      new ProbotOctokit({
        baseUrl: github.apiUrl,
        auth: {
          appId: github.app.id,
          privateKey: github.app.privateKey,
          ...(installationId ? { installationId } : {}),
        },
        retry: { enabled: false },
        throttle: { enabled: false },
        log: { debug() {}, info() {}, warn() {}, error() {} },
      }),
  };
}
