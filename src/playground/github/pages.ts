import { Hono, type Context } from 'hono';
import { csrf } from 'hono/csrf';
import { html } from 'hono/html';
import { pullsOf } from './actions-pulls.ts';
import { gitMaybe } from './git.ts';
import { filesBetween } from './git-diff.ts';
import { readTree } from './git-objects.ts';
import { checkView, commentView, diffView, layout, reactionsView, text, type Html } from './page-parts.ts';
import type { People } from './people.ts';
import { registrationPages } from './registration.ts';
import type { CheckRun, Issue, Repository } from './types.ts';
import { findRepository, fullName, type World } from './world.ts';

/**
 * Plain pages to read the story in a browser: repositories, issues, pull requests with diff and checks,
 * check runs, commits. Everybody sees everything. With a `demoUser` there is a form to comment as them.
 */
export function webPages(world: World, people: People, demoUser?: string): Hono {
  const pages = new Hono();
  // Before the next rule: it is another site's form that brings a manifest.
  pages.route('/', registrationPages(world));
  // A page of some other site must not comment in the demo user's name.
  pages.use(csrf());
  pages.notFound((c) =>
    c.html(layout('Not found', html`<p>There is no such page. <a href="/">All repositories</a></p>`), 404),
  );

  pages.get('/', (c) => {
    const items = [...world.repositories.values()].map(
      (repo) => html`<li><a href="/${fullName(repo)}">${fullName(repo)}</a></li>`,
    );
    return c.html(
      layout(
        'Repositories',
        html`<ul>
          ${items}
        </ul>`,
      ),
    );
  });

  pages.get('/:owner/:repo', async (c) => {
    const repo = find(c);
    if (!repo) return c.notFound();
    return c.html(layout(fullName(repo), await repositoryView(repo)));
  });

  pages.get('/:owner/:repo/:kind{issues|pull}/:number{[0-9]+}', async (c) => {
    const issue = find(c)?.issues.get(Number(c.req.param('number')));
    if (!issue) return c.notFound();
    const kind = issue.pull ? 'pull' : 'issues';
    const path = `/${fullName(issue.repo)}/${kind}/${issue.number}`;
    if (c.req.param('kind') !== kind) return c.redirect(path);
    const body = html`<p>
        ${breadcrumb(issue.repo)} ${state(issue)} opened by
        <b>${issue.user.login}</b> ${issue.labels.map((label) => html`<span class="label">${label.name}</span> `)}
      </p>
      ${text(issue.body)} ${reactionsView(issue.reactions)} ${issue.pull ? await pullView(issue) : ''}
      <h2>Comments</h2>
      ${issue.comments.map(commentView)} ${demoUser ? form(path, demoUser) : ''}`;
    return c.html(layout(`${issue.title} #${issue.number}`, body, true));
  });

  pages.post('/:owner/:repo/:kind{issues|pull}/:number{[0-9]+}', async (c) => {
    const issue = find(c)?.issues.get(Number(c.req.param('number')));
    const { body } = await c.req.parseBody();
    if (!issue || !demoUser || typeof body !== 'string' || body.trim() === '') return c.notFound();
    // Not waited for: the page should not hang on the app's answer.
    void people.comment({
      repo: fullName(issue.repo),
      issue: issue.number,
      body: body.replaceAll('\r\n', '\n'),
      by: demoUser,
    });
    return c.redirect(c.req.path, 303);
  });

  pages.get('/:owner/:repo/runs/:id{[0-9]+}', (c) => {
    const run = world.checkRuns.get(Number(c.req.param('id')));
    if (!run || run.repo !== find(c)) return c.notFound();
    const commit = html`<a href="/${fullName(run.repo)}/commit/${run.headSha}"
      ><code>${run.headSha.slice(0, 7)}</code></a
    >`;
    return c.html(
      layout(
        run.name,
        html`<p>${breadcrumb(run.repo)} on ${commit}</p>
          ${checkView(run)}`,
        true,
      ),
    );
  });

  pages.get('/:owner/:repo/commit/:sha{[0-9a-f]+}', async (c) => {
    const repo = find(c);
    const shown =
      repo &&
      (await gitMaybe(repo.dir, [
        'show',
        '--format=fuller',
        '--stat',
        '--patch',
        '--end-of-options',
        c.req.param('sha'),
      ]));
    if (!repo || !shown) return c.notFound();
    return c.html(
      layout(
        c.req.param('sha').slice(0, 7),
        html`<p>${breadcrumb(repo)}</p>
          ${diffView(shown)}`,
      ),
    );
  });

  const find = (c: Context): Repository | undefined =>
    findRepository(world, c.req.param('owner') ?? '', c.req.param('repo') ?? '');

  async function pullView({ pull, repo }: Issue): Promise<Html> {
    if (!pull) return html``;
    const files = await filesBetween(repo.dir, pull.base.sha, pull.head.sha);
    const names = ({ previousFilename, filename }: (typeof files)[number]) =>
      previousFilename ? `${previousFilename} → ${filename}` : filename;
    return html`<p><code>${pull.head.ref}</code> → <code>${pull.base.ref}</code>${pull.draft ? ' (draft)' : ''}</p>
      <h2>Checks</h2>
      ${checksAt(repo, pull.head.sha)}
      <h2>Files changed</h2>
      ${files.map(
        (file) =>
          html`<h3>${file.status} <code>${names(file)}</code> +${file.additions} −${file.deletions}</h3>
            ${diffView(file.patch ?? '(no text to show)')}`,
      )}`;
  }

  function checksAt(repo: Repository, sha: string): Html {
    const runs: CheckRun[] = [...world.checkRuns.values()].filter((run) => run.repo === repo && run.headSha === sha);
    const line = (run: CheckRun) =>
      html`<li><a href="/${fullName(repo)}/runs/${run.id}">${run.name}</a>: ${run.conclusion ?? run.status}</li>`;
    return runs.length > 0
      ? html`<ul>
          ${runs.map(line)}
        </ul>`
      : html`<p>None.</p>`;
  }

  return pages;
}

async function repositoryView(repo: Repository): Promise<Html> {
  const name = fullName(repo);
  const files = (await readTree(repo.dir, repo.defaultBranch, true)) ?? [];
  const readme = await gitMaybe(repo.dir, ['cat-file', 'blob', `${repo.defaultBranch}:README.md`]);
  const issues = [...repo.issues.values()].filter((issue) => !issue.pull);
  const list = (of: Issue[]) =>
    of.map(
      (issue) =>
        html`<li>
          ${state(issue)}
          <a href="/${name}/${issue.pull ? 'pull' : 'issues'}/${issue.number}">#${issue.number} ${issue.title}</a>
        </li>`,
    );
  const branches = [...repo.knownBranches].map(
    ([branch, sha]) =>
      html`<li>
        <code>${branch}</code> <a href="/${name}/commit/${sha}"><code>${sha.slice(0, 7)}</code></a>
      </li>`,
  );
  return html`<h2>Issues</h2>
    <ul>
      ${list(issues)}
    </ul>
    <h2>Pull requests</h2>
    <ul>
      ${list(pullsOf(repo).map((pull) => pull.issue))}
    </ul>
    <h2>Branches</h2>
    <ul>
      ${branches}
    </ul>
    <h2>Files</h2>
    <ul>
      ${files.filter(({ type }) => type === 'blob').map(({ path }) => html`<li><code>${path}</code></li>`)}
    </ul>
    ${
      readme === null
        ? ''
        : html`<h2>README.md</h2>
            ${text(readme)}`
    }`;
}

const breadcrumb = (repo: Repository): Html => html`<a href="/${fullName(repo)}">${fullName(repo)}</a>`;

const state = (issue: Issue): Html => html`<span class="state ${issue.state}">${issue.state}</span>`;

const form = (path: string, user: string): Html =>
  html`<form method="post" action="${path}">
    <p>
      <label>Comment as <b>${user}</b><br /><textarea name="body" rows="4" required></textarea></label>
    </p>
    <p><button>Comment</button></p>
  </form>`;
