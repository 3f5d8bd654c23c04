import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { createGitHubValidator } from './openapi.ts';

type Example = { name: string; examples: { action?: string }[] };
const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as Example[];
const github = createGitHubValidator();
const SHA = 'a'.repeat(40);
const check = (body: object) => github.request({ method: 'POST', path: '/repos/o/r/check-runs', query: {}, body });

test.each([
  ['GET', '/repos/o/r/issues/comments/5', 'GET /repos/{owner}/{repo}/issues/comments/{comment_id}'],
  ['GET', '/repos/o/r/issues/5', 'GET /repos/{owner}/{repo}/issues/{issue_number}'],
  ['GET', '/repos/o/r/git/ref/heads/nofx/a', 'GET /repos/{owner}/{repo}/git/ref/{ref}'],
  ['GET', '/repos/o/r/git/ref/heads%2Fnofx%2Fa', 'GET /repos/{owner}/{repo}/git/ref/{ref}'],
  ['GET', '/repos/o/r/contents/.github/nofx.yml', 'GET /repos/{owner}/{repo}/contents/{path}'],
  ['GET', '/users/nofx%5Bbot%5D', 'GET /users/{username}'],
  ['DELETE', '/repos/o/r', null],
])('%s %s is %s', (method, path, name) => {
  expect(github.operation(method, path)).toBe(name);
});

test('a good request has no problems', () => {
  expect(check({ name: 'NOFX', head_sha: SHA, status: 'queued', output: { title: 't', summary: 's' } })).toEqual([]);
  expect(
    github.request({ method: 'GET', path: '/repos/o/r/pulls', query: { head: 'o:b', state: 'open', per_page: '1' } }),
  ).toEqual([]);
});

test.each([
  ['a field is missing', check({ name: 'NOFX' }), /head_sha/],
  ['a value is not one of the list', check({ name: 'n', head_sha: SHA, status: 'running' }), /status/],
  [
    'a text is too long',
    check({ name: 'n', head_sha: SHA, output: { title: 't', summary: 'x'.repeat(65_536) } }),
    /65535/,
  ],
  ['a date is no date', check({ name: 'n', head_sha: SHA, started_at: 'yesterday' }), /date-time/],
  ['a field is misspelt', check({ name: 'n', head_sha: SHA, external_ID: 'x' }), /external_ID/],
  ['the body is missing', github.request({ method: 'POST', path: '/repos/o/r/pulls', query: {} }), /missing/],
  ['a body is where none is', github.request({ method: 'GET', path: '/app', query: {}, body: { a: 1 } }), /none/],
  ['a query is unknown', github.request({ method: 'GET', path: '/repos/o/r/pulls', query: { haed: 'o:b' } }), /haed/],
  [
    'a query has the wrong value',
    github.request({ method: 'GET', path: '/repos/o/r/pulls', query: { state: 'merged' } }),
    /state/,
  ],
  [
    'a number in the path is none',
    github.request({ method: 'GET', path: '/repos/o/r/issues/one', query: {} }),
    /issue_number/,
  ],
  [
    'the operation is unknown',
    github.request({ method: 'POST', path: '/repos/o/r/forks', query: {} }),
    /unknown operation/,
  ],
  [
    'an answer lacks a field',
    github.response({ method: 'GET', path: '/app', status: 200, body: { id: 1 } }),
    /node_id/,
  ],
  [
    'an answer has a strange status',
    github.response({ method: 'GET', path: '/app', status: 204 }),
    /never answers 204/,
  ],
  ['a webhook lacks a field', github.webhook('issues', 'opened', { action: 'opened' }), /repository/],
  ['a webhook is unknown', github.webhook('issues', 'eaten', {}), /unknown webhook/],
])('%s: that is reported', (_, problems, words) => {
  expect(problems.join('\n')).toMatch(words);
});

test("GitHub's own examples of webhooks: at least one fits its description", () => {
  const judge = (event: string, action: string) => {
    const all = examples.find(({ name }) => name === event)?.examples ?? [];
    return all.filter((one) => one.action === action).map((one) => github.webhook(event, action, one));
  };
  // Old examples lack fields that came later; what must not happen is that none of them fits.
  const fit = (event: string, action: string) => judge(event, action).some((problems) => problems.length === 0);
  expect(fit('issue_comment', 'created')).toBe(true);
  expect(fit('issues', 'labeled')).toBe(true);
});
