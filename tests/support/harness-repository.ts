import { eq, sql } from 'drizzle-orm';
import { expect } from 'vitest';
import { listArtifacts } from '../../src/db/artifacts.ts';
import { findDelivery } from '../../src/db/deliveries.ts';
import { listEvents } from '../../src/db/events.ts';
import type { Run } from '../../src/db/runs.ts';
import { run as runTable } from '../../src/db/schema.ts';
import { listSteps } from '../../src/db/steps.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { RunConfig } from '../../src/domain/run-config.ts';
import type { NewRepository } from '../../src/playground/github/people.ts';
import type { Script } from '../../src/playground/model.ts';
import type { Playground } from '../../src/playground/playground.ts';
import { sampleFiles } from '../../src/playground/sample.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { expectPromisesKept } from './promises.ts';
import { git } from './repository.ts';

const OWNER = 'acme';

export type RepositoryOptions = Partial<NewRepository> & {
  /** What the model does there, whatever it is asked. */
  model?: Script;
  /** `.github/nofx.yml`; unless given, one whose tests take no time. `null` leaves it out. */
  config?: string | null;
  /** False where GitHub takes no comment, so that none can be promised. */
  commentable?: false;
};

export type Repository = Awaited<ReturnType<typeof openRepository>>;

type Author = { by?: string; issue?: number; title?: string; body?: string };

/** A config that makes the gate pass at once. */
export const PASSING = 'gates:\n  test: "true"\n';

/** One repository, as the people who use it see it. */
export async function openRepository(
  playground: Playground,
  { config = PASSING, commentable, ...options }: Omit<RepositoryOptions, 'model'>,
  count: number,
) {
  const { github } = playground;
  const shortName = options.name ?? `project-${count}`;
  let name = `${options.owner ?? OWNER}/${shortName}`;
  const files = options.files ?? (options.from === undefined ? await sampleFiles() : undefined);
  const { id, installationId, cloneUrl } = await github.createRepository({
    owner: OWNER,
    collaborators: { mona: 'write', rita: 'read' },
    ...options,
    name: shortName,
    ...(files && Object.keys(files).length > 0
      ? { files: { ...files, ...(config === null ? {} : { '.github/nofx.yml': config }) } }
      : { files: undefined }),
  });
  const gitDir = github.gitDir(name);
  const { main: firstHead } = await github.branches(name);
  /** Where people left the default branch. */
  let theirs = firstHead;
  const issues: number[] = [];
  const inDatabase = () => playground.nofx.database.db;

  const repository = {
    id,
    installationId,
    get name() {
      return name;
    },
    gitDir,

    /** Comments, on a new issue unless told; gives the issue's number and the comment's id. */
    async comment(
      body: string,
      { by = 'mona', issue, title = 'Add the notes', body: text = 'We need them.' }: Author = {},
    ) {
      const number = issue ?? (await repository.openIssue({ title, body: text }));
      const { id: comment } = await github.comment({ repo: name, issue: number, body, by });
      return { issue: number, comment };
    },

    async openIssue({ by = 'mona', title = 'Add the notes', body = 'We need them.' }: Author = {}): Promise<number> {
      const { number } = await github.openIssue({ repo: name, title, body, by });
      issues.push(number);
      return number;
    },

    /** Puts a label on a new issue, unless told on which. */
    async label(label: string, { by = 'mona', issue, ...author }: Author = {}): Promise<number> {
      const number = issue ?? (await repository.openIssue(author));
      await github.label({ repo: name, issue: number, name: label, by });
      return number;
    },

    /** The main job: someone comments, NOFX works until nothing is left to do. */
    async ask(task = '/nofx add the notes', author: Author = {}) {
      const asked = await repository.comment(task, author);
      await repository.drain();
      return asked;
    },

    rename(to: string) {
      github.rename(name, { name: to });
      name = `${options.owner ?? OWNER}/${to}`;
    },

    /** Opens a run with a plan of its own, on a new issue, and works on it to its end. */
    async start(plan: Plan) {
      const issue = await repository.openIssue();
      const opened = await openRun(
        { db: inDatabase(), queue: playground.nofx.deps.queue },
        {
          project: {
            id: `gh_${id}`,
            name,
            repoUrl: cloneUrl,
            localPath: null,
            workspaceMode: 'worktree',
            gitMode: 'basic',
            defaultBranch: 'main',
            installationId,
            repositoryId: id,
          },
          plan,
          source: {
            kind: 'issue',
            repository: name,
            installationId,
            repositoryId: id,
            requester: { login: 'mona', id: 7 },
            prompt: plan.goal,
            issue: { number: issue, title: plan.goal, body: '', url: `${github.url}/${name}/issues/${issue}` },
            commentId: null,
          },
          config: RunConfig.parse({ gates: [{ name: 'test', command: 'true', timeoutMinutes: 1, setup: true }] }),
          model: 'claude-sonnet-5-5',
          maxCostUsd: 5,
          baseRef: 'main',
          baseSha: theirs!,
          triggerKey: `test:${name}:${issue}`,
        },
      );
      await repository.drain();
      return { issue, errors: opened.ok ? [] : opened.errors };
    },

    /** A person pushes to the default branch. */
    async push(files: Record<string, string | null>) {
      theirs = (await github.push({ repo: name, files, by: 'mona' })).sha;
    },

    /** Somebody merges the one pull request. */
    async merge(by = 'mona') {
      await github.merge({ repo: name, pull: repository.pullRequest().number, by });
      theirs = (await github.branches(name))['main'];
    },

    /** Ends when nothing that concerns this repository is left to do. */
    async drain(): Promise<void> {
      do {
        await github.settled();
        await new Promise((resolve) => setTimeout(resolve, 150));
      } while ((await jobsOf(playground, id)) > 0);
    },

    pullRequests: () => github.pullRequests(name),

    /** The one pull request; fails when there is none or more. */
    pullRequest() {
      const all = github.pullRequests(name);
      expect(
        all.map(({ title }) => title),
        repository.everything(),
      ).toHaveLength(1);
      return all[0]!;
    },

    /** What the app wrote on an issue. */
    answers: (issue: number): string[] =>
      github
        .comments(name, issue)
        .filter((comment) => comment.user?.login === 'nofx[bot]')
        .map((comment) => comment.body ?? ''),

    /** What the app wrote beside the lines of a pull request. */
    remarks: (pull: number): string[] =>
      github
        .reviewComments(name, pull)
        .filter((comment) => comment.user.login === 'nofx[bot]')
        .map((comment) => comment.body),

    /** The one comment of the app on an issue. */
    answer(issue: number): string {
      const all = repository.answers(issue);
      expect(all).toHaveLength(1);
      return all[0]!;
    },

    /** All that NOFX said here, for the message of a test that fails. */
    everything: (): string => issues.flatMap((issue) => repository.answers(issue)).join('\n\n') || 'NOFX said nothing',

    /** The reactions of the app, in the order it gave them. */
    reactions: (target: { comment: number } | { issue: number }): string[] =>
      github
        .reactions('comment' in target ? target : { repo: name, issue: target.issue })
        .filter(({ by }) => by === 'nofx[bot]')
        .map(({ content }) => content),

    /** Check runs as `name: status/conclusion`, those on `sha` only when given. */
    checks: (sha?: string): string[] =>
      github.checkRuns(name, sha).map((check) => `${check.name}: ${check.status}/${check.conclusion}`),
    checkRuns: (sha?: string) => github.checkRuns(name, sha),

    branches: () => github.branches(name),

    /** The branches of NOFX. */
    ownBranches: async (): Promise<string[]> =>
      Object.keys(await github.branches(name)).filter((branch) => branch.startsWith('nofx/')),

    /** Runs plain git in the bare repository. */
    git: (...args: string[]): string => git(gitDir, ...args),

    /** The runs here, oldest first. */
    runs: (): Promise<Run[]> =>
      inDatabase()
        .select()
        .from(runTable)
        .where(eq(runTable.projectId, `gh_${id}`))
        .orderBy(runTable.createdAt),

    /** The one run, with all that is kept about it. */
    async run() {
      const runs = await repository.runs();
      expect(runs).toHaveLength(1);
      return repository.detailsOf(runs[0]!);
    },

    async detailsOf(run: Run) {
      const db = inDatabase();
      const [steps, events, artifacts] = [
        await listSteps(db, run.id),
        await listEvents(db, run.id),
        await listArtifacts(db, run.id),
      ];
      return { ...run, steps, events, artifacts };
    },

    /** The newest webhook about a comment or a label that was not caused by NOFX itself. */
    delivery() {
      const [newest] = github.deliveries().filter(({ repositoryId, action, request }) => {
        const { login } = request.payload['sender'] as { login: string };
        return repositoryId === id && (action === 'created' || action === 'labeled') && login !== 'nofx[bot]';
      });
      return newest!;
    },

    /** What came of it. */
    outcome: async (): Promise<string | null> =>
      (await findDelivery(inDatabase(), repository.delivery().guid))?.outcome ?? null,

    /** What NOFX promises everybody, whatever they asked for and however it went. */
    keptItsPromises: (): Promise<void> =>
      expectPromisesKept(playground, repository, { firstHead, theirs, commentable: commentable !== false }),
  };
  return repository;
}

/**
 * Jobs that wait or run for a repository: its deliveries, and all of its runs. It is asked all the time, so it looks only at
 * what those jobs are about and not at every delivery there ever was.
 */
async function jobsOf(playground: Playground, repositoryId: number): Promise<number> {
  const { rows } = (await playground.nofx.database.db.execute(sql`
    select count(*)::int as count from pgboss.job
    where state in ('created', 'retry', 'active') and name in ('delivery', 'step', 'progress', 'dead') and (
      (select project_id from nofx.run where id = data->>'runId') = ${`gh_${repositoryId}`}
      or (select payload->'repository'->>'id' from nofx.delivery where guid = data->>'guid') = ${String(repositoryId)})`)) as unknown as {
    rows: { count: number }[];
  };
  return rows[0]!.count;
}
