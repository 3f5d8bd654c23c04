import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { permits, requireToken } from './access.ts';
import { syncBranches } from './actions-branches.ts';
import type { Env } from './auth.ts';
import { gitMaybe } from './git.ts';
import { findObject } from './git-reader.ts';
import { readCommit, readTree, writeBlob, writeCommit, writeTree, type TreeChange } from './git-objects.ts';
import { bodyOf } from './respond.ts';
import { botPerson } from './routes-git.ts';
import type { Repository } from './types.ts';
import { findRepository, repositoriesOf, type World } from './world.ts';

const path = z.string().min(1);

/** https://docs.github.com/en/graphql/reference/input-objects#createcommitonbranchinput */
const Input = z.strictObject({
  branch: z.strictObject({ repositoryNameWithOwner: z.string().includes('/'), branchName: z.string().min(1) }),
  expectedHeadOid: z.string().regex(/^[0-9a-f]{40}$/),
  message: z.strictObject({ headline: z.string(), body: z.string().optional() }),
  fileChanges: z
    .strictObject({
      additions: z.array(z.strictObject({ path, contents: z.base64() })).optional(),
      deletions: z.array(z.strictObject({ path })).optional(),
    })
    .optional(),
});
type Input = z.infer<typeof Input>;

/** What GitHub answers with status 200 where it does not do what it was asked. */
class Refused extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** GraphQL, as far as one mutation goes: `createCommitOnBranch`. */
export function graphqlRoutes(world: World): Hono<Env> {
  const routes = new Hono<Env>();
  routes.post('/graphql', async (c) => {
    const token = requireToken(c);
    const { query, variables } = await bodyOf(c);
    if (typeof query !== 'string' || !/\bcreateCommitOnBranch\(input: \$input\)/.test(query))
      return c.json({ errors: [{ message: 'The GitHub stand-in knows only createCommitOnBranch(input: $input).' }] });
    const input = Input.safeParse((variables as Record<string, unknown> | undefined)?.['input']);
    if (!input.success) {
      const message = `Variable $input of type CreateCommitOnBranchInput! was provided invalid value: ${z.prettifyError(input.error)}`;
      return c.json({ errors: [{ message, extensions: { value: null, problems: input.error.issues } }] });
    }
    const [owner = '', name = ''] = input.data.branch.repositoryNameWithOwner.split('/');
    const repo = findRepository(world, owner, name);
    return answer(c, async () => {
      if (!repo || !repositoriesOf(world, token).includes(repo))
        throw new Refused('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`);
      if (!permits(token, 'contents:write')) throw new Refused('FORBIDDEN', 'Resource not accessible by integration');
      if (repo.archived) throw new Refused('FORBIDDEN', 'Repository was archived so is read-only.');
      const oid = await commitOnBranch(world, repo, input.data, permits(token, 'workflows:write'));
      return { commit: { oid, tree: { oid: (await readCommit(repo.dir, oid)).tree } } };
    });
  });
  return routes;
}

async function answer(c: Context, create: () => Promise<object>) {
  try {
    return c.json({ data: { createCommitOnBranch: await create() } });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { type, message } = error;
    return c.json({
      data: { createCommitOnBranch: null },
      errors: [{ type, path: ['createCommitOnBranch'], locations: [{ line: 2, column: 3 }], message }],
    });
  }
}

/** Like GitHub's: plain files only, signed, by the app, at the time of today, and only on top of the head that was expected. */
async function commitOnBranch(world: World, repo: Repository, input: Input, workflows: boolean): Promise<string> {
  const { branch, expectedHeadOid: expected, message, fileChanges = {} } = input;
  const { additions = [], deletions = [] } = fileChanges;
  const ref = `refs/heads/${branch.branchName}`;
  const head = (await findObject(repo.dir, ref))?.sha ?? null;
  if (head === null) throw new Refused('NOT_FOUND', `No ref exists for branch "${branch.branchName}".`);
  if (head !== expected) throw stale(expected);
  if (repo.protectedBranches.has(branch.branchName))
    throw new Refused('BRANCH_PROTECTION_RULE_VIOLATION', `Protected branch update failed for ${ref}.`);
  if (message.headline.trim() === '') throw new Refused('UNPROCESSABLE', 'A commit message is required.');

  const there = new Set((await readTree(repo.dir, head, true))?.map((entry) => entry.path));
  for (const { path: gone } of deletions) {
    if (!there.has(gone))
      throw new Refused(
        'UNPROCESSABLE',
        `A path was requested for deletion which does not exist as of commit oid ${head}: ${gone}`,
      );
    if (additions.some((added) => added.path === gone))
      throw new Refused('UNPROCESSABLE', `A path was requested for both addition and deletion: ${gone}`);
  }
  const workflow = additions.find((added) => added.path.startsWith('.github/workflows/'));
  if (workflow && !workflows)
    throw new Refused(
      'FORBIDDEN',
      `refusing to allow a GitHub App to create or update workflow \`${workflow.path}\` without \`workflows\` permission`,
    );
  const changes: TreeChange[] = deletions.map(({ path: gone }) => ({ path: gone, mode: '0', sha: null }));
  for (const { path: added, contents } of additions)
    changes.push({ path: added, mode: '100644', sha: await writeBlob(repo.dir, Buffer.from(contents, 'base64')) });

  const author = botPerson(world);
  const sha = await writeCommit(repo.dir, {
    tree: await writeTree(repo.dir, head, changes),
    parents: [head],
    author,
    committer: { name: 'GitHub', email: 'noreply@github.com', date: author.date },
    message: message.body ? `${message.headline}\n\n${message.body}` : message.headline,
    signed: true,
  });
  if ((await gitMaybe(repo.dir, ['update-ref', ref, sha, head])) === null) throw stale(expected);
  await syncBranches(world, repo, world.app.bot);
  return sha;
}

function stale(expected: string): Refused {
  return new Refused('STALE_DATA', `Expected branch to point to "${expected}" but it did not. Pull and try again.`);
}
