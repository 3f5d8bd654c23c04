import { Probot, ProbotOctokit } from 'probot';
import { UserError } from '../errors.ts';
import { timed, type BeforeWrite } from './requests.ts';

type OctokitOptions = NonNullable<ConstructorParameters<typeof ProbotOctokit>[0]>;
type ProbotOptions = NonNullable<ConstructorParameters<typeof Probot>[0]>;

/**
 * GitHub's clients do three things that would hurt a job queue, so they are switched off:
 * - the throttling plugin sleeps inside the job until a rate limit resets, up to an hour, and spaces
 *   comments by 3 s: `createGitHub` spaces writes itself and hands limits back as RetryableError;
 * - the retry plugin sends a 429 again after a second, which lengthens the limit;
 * - requests have no time limit of their own (see `openProbot`).
 * And one is mended: an explicit `auth({ refresh: true })` would go to api.github.com from an Enterprise host.
 */
const QuietOctokit = ProbotOctokit.defaults((options: OctokitOptions) => ({
  ...options,
  auth: authAt(options.baseUrl, options.auth),
  throttle: { ...options.throttle, enabled: false },
  retry: { doNotRetry: [400, 401, 403, 404, 409, 410, 415, 422, 429, 451], retries: 2, ...options.retry },
}));

function authAt(
  baseUrl: string | undefined,
  auth: { request?: { defaults: (parameters: object) => unknown } } | undefined,
) {
  return baseUrl && auth?.request ? { ...auth, request: auth.request.defaults({ baseUrl }) } : auth;
}

/**
 * A Probot for the app: verifies and hands out webhooks, and gives `auth(installationId)` for
 * `createGitHub`. `baseUrl` is `https://host/api/v3` for GitHub Enterprise. Sends nothing by itself.
 * UserError without a webhook secret.
 */
export function openProbot(options: {
  appId: number | string;
  privateKey: string;
  /** Required: Probot's own default is the word "development". */
  secret: string;
  baseUrl?: string;
  log: ProbotOptions['log'];
  /** One request's time, in ms. */
  timeoutMs?: number;
  /** Between the tries of a failed read, in ms, times 1, 4. */
  retryBaseMs?: number;
  beforeWrite?: BeforeWrite;
}): Probot {
  if (options.secret === '')
    throw new UserError('A webhook secret is required.', 'Set WEBHOOK_SECRET to the one in the settings of the app.');
  return new Probot({
    appId: options.appId,
    privateKey: options.privateKey,
    secret: options.secret,
    baseUrl: options.baseUrl,
    log: options.log,
    request: { fetch: timed(options.timeoutMs, options.beforeWrite) },
    Octokit: patient(options.retryBaseMs) as typeof ProbotOctokit,
  });
}

function patient(retryBaseMs = 1_000) {
  return QuietOctokit.defaults({ retry: { retryAfterBaseValue: retryBaseMs } });
}
