import { describe, expect, it, vi } from 'vitest';
import { InternalError, RetryableError, UserError } from '../../src/errors.ts';
import { translateError } from '../../src/github/errors.ts';
import { failure, useGitHub } from './support.ts';

const NOW = Date.UTC(2026, 0, 1);
const requestError = (status: number, message: string, headers: Record<string, string> = {}) =>
  Object.assign(new Error(message), {
    status,
    request: { method: 'POST', url: 'https://api.github.com/repos/o/r/pulls?x=1' },
    response: { headers, data: { message } },
  });
const translate = (...args: Parameters<typeof requestError>) => translateError(requestError(...args), NOW);

describe('rate limits', () => {
  const inSeconds = (seconds: number) => String(NOW / 1000 + seconds);

  it.each([
    ['retry-after', 429, { 'retry-after': '7' }, 7_000],
    [
      'retry-after before all else',
      403,
      { 'retry-after': '30', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(900) },
      30_000,
    ],
    ['the reset', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(900) }, 901_000],
    ['a reset that is over', 429, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(-5) }, 1_000],
    [
      "the reset, by GitHub's clock where ours is ten minutes fast",
      403,
      {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': inSeconds(300),
        date: new Date(NOW - 600_000).toUTCString(),
      },
      901_000,
    ],
    ['nothing', 429, {}, 60_000],
    ['nothing but words', 403, { 'x-ratelimit-remaining': '4000' }, 60_000],
  ])('waits as told by %s', (_, status, headers, expected) => {
    const error = translate(status, 'You have exceeded a secondary rate limit.', headers as Record<string, string>);
    expect(error).toBeInstanceOf(RetryableError);
    expect((error as RetryableError).retryAfterMs).toBe(expected);
  });
});

it.each([
  [401, 'Bad credentials', UserError, /APP_ID/],
  [403, 'Resource not accessible by integration', UserError, /app.yml/],
  [403, 'This installation has been suspended', UserError, /unsuspend/],
  [403, 'Repository was archived so is read-only.', UserError, /Unarchive/],
  [403, 'Something else', UserError, /rules/],
  [404, 'Not Found', UserError, /installed/],
  [409, 'Git Repository is empty.', UserError, /first commit/],
  [409, 'Conflict', RetryableError, null],
  [410, 'Issues are disabled for this repo', UserError, /switched off/],
  [422, 'Validation Failed', InternalError, null],
  [422, 'Repository rule violations found: Cannot create ref due to creations being restricted.', UserError, /bypass/],
  [
    422,
    'There is at least one repository that does not exist or is not accessible to the parent installation.',
    UserError,
    /Install/,
  ],
  [422, 'The permissions requested are not granted to this installation.', UserError, /app.yml/],
  [403, 'Unable to create comment because issue is locked.', UserError, /Unlock/],
  [403, 'was submitted too quickly', RetryableError, null],
  [451, 'Repository access blocked', UserError, /Support/],
  [500, 'connect ECONNREFUSED 127.0.0.1:1', RetryableError, null],
  [502, 'Server Error', RetryableError, null],
])('%s %s', (status, message, kind, next) => {
  const error = translate(status, message);
  expect(error).toBeInstanceOf(kind);
  expect(error.cause).toBeInstanceOf(Error);
  if (next) expect((error as UserError).next).toMatch(next);
});

it('says where, without the query, the docs or a secret', () => {
  const { message } = translate(422, `Bad token ghs_${'a'.repeat(40)} - https://docs.github.com/rest/x#y`);
  expect(message).toBe('GitHub refused a request of NOFX with 422: Bad token [redacted] (POST /repos/o/r/pulls).');
});

it('lets our own errors through and wraps the rest', () => {
  const own = new UserError('a', 'b');
  expect(translateError(own, NOW)).toBe(own);
  expect(translateError(new TypeError('x is not a function'), NOW)).toBeInstanceOf(InternalError);
});

describe('through Probot', () => {
  const world = useGitHub();
  const ask = () => world.github.permission(world.repo, 'alice');

  it.each([
    [
      'API rate limit exceeded for installation ID 1.',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 600) },
      500_000,
    ],
    ['You have exceeded a secondary rate limit.', 403, { 'retry-after': '120' }, 120_000],
    ['You have exceeded a secondary rate limit.', 429, {}, 60_000],
  ])('hands a rate limit back at once: %s %s', async (message, status, headers, atLeast) => {
    world.standIn.failNext({
      path: /\/permission$/,
      status,
      headers: headers as Record<string, string>,
      body: { message },
    });
    const error = await failure(ask());
    expect(error).toBeInstanceOf(RetryableError);
    expect((error as RetryableError).retryAfterMs).toBeGreaterThanOrEqual(atLeast);
    expect(world.standIn.requests().filter((each) => each.path.endsWith('/permission'))).toHaveLength(1);
  });

  it('tries a read again after a 502, and gives up in the end', async () => {
    world.standIn.failNext({ path: /\/permission$/, status: 502, times: 2 });
    expect(await ask()).toBe('write');
    world.standIn.failNext({ path: /\/permission$/, status: 502, times: 9 });
    expect(await failure(ask())).toBeInstanceOf(RetryableError);
  });

  it('takes a refused connection for a fault that may pass', async () => {
    await ask();
    await world.standIn.stop();
    expect(await failure(ask())).toBeInstanceOf(RetryableError);
  });

  it('renews a token that GitHub no longer takes', async () => {
    expect(await ask()).toBe('write');
    world.standIn.expireTokens();
    // auth-app takes a 401 within five seconds of the token's making for GitHub being slow, and waits.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
    try {
      expect(await ask()).toBe('write');
    } finally {
      vi.useRealTimers();
    }
    expect(world.standIn.requests().filter((each) => each.path.endsWith('access_tokens'))).toHaveLength(2);
  });

  it('says so when the app lacks a permission', async () => {
    world.standIn.setPermissions('octo', { metadata: 'read', contents: 'read' });
    const error = await failure(
      world.github.upsertCheckRun(world.repo, {
        headSha: world.head,
        name: 'NOFX',
        externalId: 'x',
        status: 'queued',
        output: { title: 'a', summary: 'b' },
      }),
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(/lacks a permission.*check-runs/);
  });

  it('keeps the token out of what is thrown', async () => {
    const token = await world.github.gitToken(world.repo);
    world.standIn.failNext({ path: /\/permission$/, status: 403, body: { message: `bad ${token}` } });
    const error = await failure(ask());
    expect(error.message).not.toContain(token);
  });
});
