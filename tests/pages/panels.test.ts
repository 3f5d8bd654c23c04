import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createKey } from '../../src/api/keys.ts';
import { joinWorkers } from '../../src/db/presence.ts';
import { claimStep, listSteps } from '../../src/db/steps.ts';
import { closeDead } from '../../src/runs/close-dead.ts';
import { listDead } from '../../src/runs/dead.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { describeInBrowser, picture, type Session } from '../support/browser.ts';
import { PASSWORD, startApi } from '../api/support.ts';
import { runRequest } from '../support/run-request.ts';
import { EVIL, fillMonth } from './month.ts';
import { sessionIn, visitor } from './support.ts';

const MONA = { id: 2, login: 'mona' };

let api: Awaited<ReturnType<typeof startApi>>;
let presence: Awaited<ReturnType<typeof joinWorkers>>;
beforeAll(async () => {
  api = await startApi({ github: { permission: async ({ name }) => (name === 'api' ? 'read' : 'none') } });
  presence = await joinWorkers(api, async () => {});
  await api.queue.work('dead', 1, (job) => closeDead(api.deps, job));
  await fillMonth(api.db);
});
afterAll(async () => {
  await presence.leave();
  await api.stop();
});

/** Somebody without scripts, signed in. */
const signedIn = async (secret = PASSWORD) => {
  const browser = visitor(api.url);
  await browser.signIn(secret);
  return browser;
};
const keyOf = async (user: typeof MONA) => (await createKey(api.db, { user, name: 'test' })).key;

describe('what runs come to', () => {
  it('is added up to the admin, for each repository and over the time that is asked for', async () => {
    const browser = await signedIn();
    const { text } = await browser.open('/ui/costs');
    const [{ usd, merged }] = (
      await api.db.execute(
        sql`select sum((cost->>'usd')::float8) as usd, count(merged_at)::int as merged from nofx.run`,
      )
    ).rows as [{ usd: number; merged: number }];
    expect(text).toContain(`<dd>$${usd.toFixed(2)}</dd>`);
    expect(text).toContain(`<dd>$${(usd / merged).toFixed(2)}</dd>`);
    expect(text).toContain('1 run of a model without a known price is not counted');
    expect(text).toContain('acme/storefront');
    expect(text).not.toContain('<script>alert');
    expect((await browser.open('/ui/costs?days=7&project=past_2')).text).toContain('<h1>Costs of acme/api</h1>');
    expect((await browser.open('/ui/costs?project=none')).status).toBe(404);
  });

  it('is of one’s own runs to others, and of a repository to those who may read it', async () => {
    const browser = await signedIn(await keyOf(MONA));
    const own = (await browser.open('/ui/costs')).text;
    expect(own).toContain('Costs of what you asked for');
    expect(own).toContain('<dd>10</dd>');
    expect((await browser.open('/ui/costs?project=past_2')).status).toBe(200);
    expect((await browser.open('/ui/costs?project=past_1')).status).toBe(404);
    const nobody = await signedIn(await keyOf({ id: 99, login: 'nell' }));
    expect((await nobody.open('/ui/costs')).text).toContain('No run was asked for');
  });
});

let issues = 100;
/** A run about an issue of its own, unless told. */
async function open(number = (issues += 1)) {
  const { source } = runRequest();
  const issue = { number, title: 'Busy', body: '', url: 'https://github.example/issue' };
  const opened = await openRun(
    api.deps,
    runRequest({ triggerKey: `test:${randomUUID()}`, source: { ...source, issue } }),
  );
  if (!opened.ok) throw new Error(opened.errors.join());
  return opened.run;
}

/** A run at work, with another in line behind it. */
async function waitsBehind() {
  const [first] = [await open(77), await open(77)];
  const [step] = await listSteps(api.db, first.id);
  await claimStep(api.db, step!.id, { job: 'job', retry: 0 });
  return first;
}

/** A run whose step fell over once too often. */
async function giveUp() {
  const run = await open();
  const [step] = await listSteps(api.db, run.id);
  await api.db.transaction((tx) =>
    api.queue.enqueue(tx, 'dead', { runId: run.id, stepId: step!.id, reason: `It fell over. ${EVIL}` }),
  );
  const letterOf = async () => (await listDead(api.deps)).letters.find(({ data }) => data.runId === run.id);
  await vi.waitFor(async () => expect((await letterOf())?.closed).toBe(true), 30_000);
  return { run, letter: (await letterOf())!.id };
}

describe('projects', () => {
  it('are shown to those who may read them, and settled by those who may', async () => {
    const mona = await signedIn(await keyOf(MONA));
    const { text } = await mona.open('/ui/projects');
    expect(text).toContain('acme/api');
    expect(text).not.toContain('acme/storefront');
    expect(text).not.toContain('Add a project');
    expect((await mona.open('/ui/projects/new')).status).toBe(403);
    expect((await mona.open('/ui/projects/past_1')).status).toBe(404);
    const seen = (await mona.open('/ui/projects/past_2')).text;
    expect(seen).not.toContain('<button>Save</button>');
    expect(seen).not.toContain('/sync');
    const token = /name="form" value="([^"]+)"/.exec(seen)![1]!;
    expect((await mona.send('/ui/projects/past_2', { form: token, git_mode: 'hidden' })).status).toBe(403);
    expect((await mona.send('/ui/projects', { form: token, name: 'Mine', repo_url: 'https://a.b/c' })).status).toBe(
      403,
    );
  });

  it('of the app keep their names, whatever a form says', async () => {
    const admin = await signedIn();
    const { text } = await admin.open('/ui/projects/past_1');
    const form = /name="form" value="([^"]+)"/.exec(text)![1]!;
    const answer = await admin.send('/ui/projects/past_1', { form, name: EVIL, git_mode: 'hidden' });
    expect(answer.status).toBe(422);
    expect(await answer.text()).not.toContain('<script>alert');
  });
});

describe('a project that is to be deleted', () => {
  /** One of the admin's own, with a run. */
  async function makeProject(name: string) {
    const made = await api.post('/projects', { name, repo_url: `https://git.example.com/ours/${name}` });
    const { id } = (await made.json()) as { id: string };
    const { project, ...rest } = runRequest({ triggerKey: `test:${randomUUID()}` });
    await openRun(api.deps, { ...rest, project: { ...project, id, name, installationId: null, repositoryId: null } });
    return { id, path: `/ui/projects/${id}` };
  }
  const endRuns = (id: string) =>
    api.db.execute(sql`update nofx.run set ended_at = now(), status = 'failed' where project_id = ${id}`);

  it('is so for the admin alone, and where the app is for nobody', async () => {
    const mona = await signedIn(await keyOf(MONA));
    const seen = (await mona.open('/ui/projects/past_2')).text;
    expect(seen).not.toContain('Delete');
    const form = { form: /name="form" value="([^"]+)"/.exec(seen)![1]!, runs: 'delete' };
    expect((await mona.send('/ui/projects/past_2/delete', form)).headers.get('location')).toContain('/delete');
    expect((await mona.open('/ui/projects/past_2/delete')).location).toBe('/ui/projects/past_2');
    expect((await mona.open('/ui/projects/past_2')).text).toContain('To delete a project is for the admin.');
    const admin = await signedIn();
    expect((await admin.open('/ui/projects/past_1')).text).not.toContain('Delete…');
  });

  it('stays while a run of it is under way, and one that came meanwhile is not deleted unasked', async () => {
    const { id, path } = await makeProject('busy');
    const admin = await signedIn();
    const { text } = await admin.open(`${path}/delete`);
    expect(text).toContain('A run of it is under way.');
    expect(text).not.toContain('<button class="danger">');
    const form = /name="form" value="([^"]+)"/.exec(text)![1]!;
    await admin.send(`${path}/delete`, { form, runs: 'delete' });
    await endRuns(id);
    await admin.send(`${path}/delete`, { form });
    expect((await admin.open(`${path}/delete`)).text).toContain('It has runs, which would be lost with it.');
    expect((await api.get(`/projects/${id}`)).status).toBe(200);
    expect((await admin.open(`${path}/delete`)).text).toContain('Delete it and its 1 run');
    expect((await admin.send(`${path}/delete`)).headers.get('location')).toBe('/ui/projects');
    expect((await admin.open('/ui/projects')).text).toContain('busy was deleted.');
    expect((await admin.open(path)).status).toBe(404);
  });
});

describe('the search', () => {
  it('finds runs by what was asked for, with the words marked, page by page', async () => {
    const browser = await signedIn();
    expect((await browser.open('/ui/search')).text).not.toContain('class="found"');
    const { text } = await browser.open('/ui/search?q=slugifies');
    expect(text.match(/<li class="panel">/g)).toHaveLength(20);
    expect((await browser.open('/ui/search?q=slugify')).text).toContain('Add a <mark>slugify</mark> helper');
    const older = /href="(\/ui\/search[^"]*after[^"]*)"/.exec(text)![1]!.replaceAll('&amp;', '&');
    expect((await browser.open(older)).text.match(/<li class="panel">/g)).toHaveLength(10);
    expect((await browser.open('/ui/search?q=parser')).text).not.toContain('<script>alert');
    expect((await browser.open(`/ui/search?q=${encodeURIComponent(EVIL)}`)).text).not.toContain('<script>alert');
    expect((await browser.open('/ui/search?q=nowhere-to-be-found&after=run_none')).text).toContain('Nothing was found');
  });

  it('finds one’s own to others, and those of a repository to those who may read it', async () => {
    const browser = await signedIn(await keyOf(MONA));
    expect((await browser.open('/ui/search?q=slugify')).text.match(/<li class="panel">/g)).toHaveLength(10);
    expect((await browser.open('/ui/search?q=slugify&project=past_2')).text).toContain('asked by');
    expect((await browser.open('/ui/search?q=slugify&project=past_1')).text).not.toContain('tom');
  });
});

describe('the queue', () => {
  it('is the admin’s alone', async () => {
    const browser = await signedIn(await keyOf(MONA));
    expect((await browser.open('/ui/queue')).status).toBe(403);
    const form = { form: /name="form" value="([^"]+)"/.exec((await browser.open('/ui/costs')).text)![1]! };
    expect((await browser.send('/ui/queue/dead/x/redrive', form)).status).toBe(403);
  });

  it('shows what was given up, and drives it again, once', async () => {
    const { run, letter } = await giveUp();
    const browser = await signedIn();
    const { text } = await browser.open('/ui/queue');
    expect(text).toContain(`/ui/runs/${run.id}`);
    expect(text).not.toContain('<script>alert');
    const action = `/ui/queue/dead/${letter}/redrive`;
    const driven = await browser.send(action);
    expect(driven.headers.get('location')).toMatch(/^\/ui\/runs\/run_/);
    expect((await browser.open(driven.headers.get('location')!)).text).toContain(
      'This is a new run of the same request',
    );
    await browser.open('/ui/queue');
    expect((await browser.send(action, { form: 'x' })).status).toBe(403);
  });
});

describeInBrowser('the pages beside the runs', (browser) => {
  let session: Session;
  beforeAll(async () => void (session = await sessionIn(browser, api.url)));

  it('show costs', async () => {
    expect(await browser.everyLook(`${api.url}/ui/costs`, 'costs', session)).toEqual([]);
    const page = await browser.open(`${api.url}/ui/costs`, { session, javaScript: false });
    await page.getByText('The figures of 30 days').focus();
    await page.keyboard.press('Enter');
    expect(await page.getByRole('columnheader', { name: 'Day', exact: true }).isVisible()).toBe(true);
    await page.getByRole('link', { name: 'acme/api' }).click();
    await page.getByRole('heading', { name: 'Costs of acme/api' }).waitFor();
  });

  it('list projects, add one and settle what holds for it, without a script', async () => {
    expect(await browser.everyLook(`${api.url}/ui/projects`, 'projects', session)).toEqual([]);
    const page = await browser.open(`${api.url}/ui/projects`, { session, javaScript: false });
    await page.getByRole('link', { name: 'Add a project' }).click();
    await page.getByLabel('Name').fill('Ours');
    await page.getByLabel('Variable with').fill('ghp_secret');
    await page.keyboard.press('Enter');
    await page.getByText('is the name of an environment variable of the server').waitFor();
    await picture(page, 'project-new-mistakes');
    expect(await page.getByLabel('Name').inputValue()).toBe('Ours');
    expect(await page.content()).not.toContain('ghp_secret');
    await page.getByLabel('Variable with').fill('NOFX_TOKEN_OURS');
    await page.getByLabel('Address of').fill('https://git.example.com/ours/kit');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByText('Ours was added').waitFor();
    await page.getByLabel('How much git').selectOption('hidden');
    await page.getByLabel('Branch that runs').fill('no branch..');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('is no name of a branch').waitFor();
    await page.getByLabel('Branch that runs').fill('develop');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('That holds from the next run on').waitFor();
    expect(await page.getByLabel('Branch that runs').inputValue()).toBe('develop');
    const { rows } = await api.db.execute(
      sql`select git_mode, base_branch, token_env from nofx.project where name = 'Ours'`,
    );
    expect(rows).toEqual([{ git_mode: 'hidden', base_branch: 'develop', token_env: 'NOFX_TOKEN_OURS' }]);
    expect(await browser.everyLook(page.url(), 'project', session)).toEqual([]);
    expect(await browser.everyLook(`${api.url}/ui/projects/new`, 'project-new', session)).toEqual([]);

    await page.getByRole('link', { name: 'Delete…' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Delete Ours?' }).waitFor();
    expect(await browser.everyLook(page.url(), 'project-delete', session)).toEqual([]);
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText('Ours was deleted.').waitFor();
    expect((await api.db.execute(sql`select 1 from nofx.project where name = 'Ours'`)).rows).toEqual([]);
  });

  it('search, by keyboard and without a script', async () => {
    expect(await browser.everyLook(`${api.url}/ui/search?q=tests`, 'search', session)).toEqual([]);
    const page = await browser.open(`${api.url}/ui/search`, { session, javaScript: false });
    await page.getByRole('searchbox', { name: 'What was asked for' }).focus();
    await page.keyboard.type('"the parser" -vitest');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Mend the parser' }).first().waitFor();
  });

  it('show the queue, and have what was given up tried again by keyboard', async () => {
    const { run } = await giveUp();
    await giveUp();
    const { id } = await waitsBehind();
    expect(await browser.everyLook(`${api.url}/ui/queue`, 'queue', session)).toEqual([]);
    const page = await browser.open(`${api.url}/ui/queue`, { session, javaScript: false });
    expect(await page.getByRole('link', { name: id }).count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: run.id }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('This is a new run of the same request').waitFor();
  });
});
