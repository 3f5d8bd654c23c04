import { expect } from 'vitest';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createLogger } from '../../src/log.ts';
import { logFields } from '../../src/telemetry/work.ts';
import { startPlayground, type Playground } from '../../src/playground/playground.ts';
import type { NewRepository } from '../../src/playground/github/people.ts';
import { sampleFiles } from '../../src/playground/sample.ts';
import type { Scripts } from '../../src/playground/model.ts';
import { freshDatabaseOptions } from './database.ts';
import { createGitHubValidator } from './openapi.ts';

const validator = createGitHubValidator();

export type Harness = Playground & {
  repo: string;
  /** Comments on an issue as somebody, on a new one unless told; gives the issue's number and the comment's id. */
  comment(body: string, options?: { by?: string; issue?: number; title?: string }): Promise<{ issue: number; comment: number }>;
  label(name: string, options?: { by?: string; title?: string; body?: string }): Promise<number>;
  /** The one pull request; fails when there is none or more. */
  pullRequest(): ReturnType<Playground['github']['pullRequests']>[number];
  /** The comments the app wrote on an issue. */
  answers(issue: number): string[];
  /** The check runs as `name: status/conclusion`, those on `sha` only when given. */
  checks(sha?: string): string[];
  /** A file as it is on a branch. */
  file(branch: string, path: string): Promise<Buffer>;
};

export type HarnessOptions = {
  script: Scripts;
  repository?: Partial<NewRepository>;
  environment?: Record<string, string>;
};

const OWNER = 'acme';

/** A file as a real git has it on a branch. */
async function fileAt(gitDir: string, branch: string, path: string): Promise<Buffer> {
  const { stdout } = await promisify(execFile)('git', ['--git-dir', gitDir, 'show', `${branch}:${path}`], { encoding: 'buffer' });
  return stdout;
}

/**
 * NOFX, whole, on a GitHub of its own, driven as a person would. Every request it sends is held
 * against GitHub's own description; `stop` fails the test when one does not fit.
 */
export async function startHarness({ script, repository, environment = {} }: HarnessOptions): Promise<Harness> {
  const problems: string[] = [];
  const logged: string[] = [];
  const playground = await startPlayground({
    model: { script },
    github: {
      onExchange: (exchange) => problems.push(...validator.request(exchange)),
    },
    database: await freshDatabaseOptions(),
    environment: { ...process.env, LOG_LEVEL: 'debug', ...environment } as Record<string, string>,
    log: (secrets) =>
      createLogger({ level: 'debug', redact: secrets.redact, fields: logFields, destination: { write: (line) => void logged.push(line) } }),
  });
  const { github } = playground;
  await github.createRepository({
    owner: OWNER,
    name: 'text-kit',
    files: await sampleFiles(),
    collaborators: { mona: 'write', rita: 'read' },
    ...repository,
  });
  const repo = `${OWNER}/${repository?.name ?? 'text-kit'}`;

  return Object.defineProperties(
    {
      repo,
      async comment(body: string, { by = 'mona', issue, title = 'Add a slugify helper' }: { by?: string; issue?: number; title?: string } = {}) {
        const number = issue ?? (await github.openIssue({ repo, title, body: 'Needed for the blog.', by: 'mona' })).number;
        const { id } = await github.comment({ repo, issue: number, body, by });
        return { issue: number, comment: id };
      },
      async label(name: string, { by = 'mona', title = 'Add a slugify helper', body = '' } = {}) {
        const { number } = await github.openIssue({ repo, title, body, by: 'mona' });
        await github.label({ repo, issue: number, name, by });
        return number;
      },
      pullRequest() {
        const all = github.pullRequests(repo);
        expect(all).toHaveLength(1);
        return all[0]!;
      },
      answers: (issue: number) =>
        github
          .comments(repo, issue)
          .filter((comment) => comment.user?.login === 'nofx[bot]')
          .map((comment) => comment.body ?? ''),
      checks: (sha?: string) => github.checkRuns(repo, sha).map((run) => `${run.name}: ${run.status}/${run.conclusion}`),
      file: (branch: string, path: string) => fileAt(github.gitDir(repo), branch, path),
      async stop() {
        await playground.stop();
        expect(problems, 'requests that GitHub would not understand').toEqual([]);
        expect(logged.filter((line) => /"level":(50|60)/.test(line)), 'errors in the log').toEqual([]);
      },
    },
    Object.fromEntries(
      (['github', 'model', 'secrets', 'dataDir', 'nofx', 'restart', 'drain'] as const).map((key) => [
        key,
        { get: () => playground[key] },
      ]),
    ),
  ) as unknown as Harness;
}
