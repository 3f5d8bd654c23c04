import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { upsertArtifacts } from '../../src/db/artifacts.ts';
import { listSteps } from '../../src/db/steps.ts';
import { standardPlan } from '../../src/domain/plan.ts';
import type { Role } from '../../src/domain/role.ts';
import { openRun, type RunRequest } from '../../src/runs/open-run.ts';
import { PASSWORD, startApi } from '../api/support.ts';
import { describeInBrowser, focused } from '../support/browser.ts';
import { runRequest } from '../support/run-request.ts';
import { visitor } from './support.ts';

const EVIL = `"'><script>alert(1)</script>`;
const mona = { id: 2, login: 'mona' };
const PULL_REQUEST = `pull_request = '{"number":5,"url":"https://github.example/5"}'`;
const FAILURE = `failure = '{"kind":"model","message":"Out of words.","next":""}'`;
const ROLES: Record<number, Role> = { 3: 'read' };

describe('the page of runs', () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  let count = 0;
  const open = async (
    goal: string,
    {
      requester = mona,
      issue = 3,
      repository = 7,
      ...rest
    }: Partial<RunRequest> & { requester?: typeof mona; issue?: number; repository?: number } = {},
  ) => {
    count += 1;
    const { project, source, plan } = runRequest();
    const opened = await openRun(api.deps, {
      ...runRequest({ triggerKey: `test:${count}`, ...rest }),
      project: { ...project, id: `gh_${repository}`, name: `acme/kit-${repository}`, repositoryId: repository },
      plan: { ...plan, goal },
      source: {
        ...source,
        repository: `acme/kit-${repository}`,
        requester,
        issue: { ...source.issue!, number: issue },
      },
    });
    if (!opened.ok) throw new Error(opened.errors.join());
    return opened.run;
  };
  const admin = async () => {
    const browser = visitor(api.url);
    await browser.signIn(PASSWORD);
    return browser;
  };
  const as = async (user: typeof mona) => {
    const browser = visitor(api.url);
    await browser.signIn((await api.keyOf(user)).authorization.slice('Bearer '.length));
    return browser;
  };
  const tasks = (text: string) => [...text.matchAll(/class="task"[^>]*>([^<]*)</g)].map(([, task]) => task);
  beforeAll(async () => {
    api = await startApi({ github: { permission: async (_repo, _login, id) => ROLES[id ?? 0] ?? 'none' } });
    await open('Mend the login form');
    await open(`Escape ${EVIL}`, { issue: 4 });
    await open('Write the release notes', { requester: { id: 5, login: 'otto' }, repository: 8 });
    const done = await open('Rename the helpers', { repository: 8 });
    await api.db.execute(sql`update nofx.run set status = 'succeeded', ended_at = now() where id = ${done.id}`);
  });
  afterAll(() => api.stop());

  it('lists them, newest first, as text', async () => {
    const { text } = await (await admin()).open('/ui/runs');
    expect(tasks(text)).toEqual([
      'Rename the helpers',
      'Write the release notes',
      'Escape &quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;',
      'Mend the login form',
    ]);
    expect(text).toContain('<a href="/ui/runs" aria-current="page">');
    expect(text).toContain('data-every="3"');
    // Without a script it would take the words from under whoever fills in its form.
    expect(text).not.toContain('http-equiv');
    expect(text).not.toContain('Older');
  });

  it.each([
    ['q=release', ['Write the release notes']],
    ['q=renaming+helper', ['Rename the helpers']],
    ['project=ACME/kit-8', ['Rename the helpers', 'Write the release notes']],
    ['project=gh_7&issue=3', ['Mend the login form']],
    ['status=succeeded', ['Rename the helpers']],
    ['author=%40Otto', ['Write the release notes']],
    ['author=otto&status=failed', []],
    ['project=acme/nothing', []],
    ['project=&status=&author=&issue=&q=login', ['Mend the login form']],
    ['status=nonsense&cursor=%27&author=a+b&issue=-1&q=login', ['Mend the login form']],
  ])('shows those that fit ?%s', async (query, expected) => {
    const { status, text } = await (await admin()).open(`/ui/runs?${query}`);
    expect(status).toBe(200);
    expect(tasks(text)).toEqual(expected);
    if (expected.length === 0) expect(text).toContain('No run fits that.');
  });

  it('keeps what was asked for in its form, and says what makes no sense', async () => {
    const browser = await admin();
    const { text } = await browser.open(`/ui/runs?q=${encodeURIComponent(EVIL)}&status=failed`);
    expect(text).toContain('value="&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
    expect(text).toContain('<option value="failed" selected');
    expect((await browser.open('/ui/runs?issue=3')).text).toContain('An issue is one of a repository');
  });

  it('shows everybody their own, and those of repositories that they may read', async () => {
    expect(tasks((await (await as(mona)).open('/ui/runs')).text)).toHaveLength(3);
    expect(tasks((await (await as({ id: 9, login: 'new' })).open('/ui/runs')).text)).toEqual([]);
    const reader = await as({ id: 3, login: 'rita' });
    expect((await reader.open('/ui/runs')).text).toContain('You have not asked for anything yet');
    expect(tasks((await reader.open('/ui/runs?project=acme/kit-8')).text)).toHaveLength(2);
    const stranger = await as({ id: 9, login: 'new' });
    // A repository that is there, and one that is not, look the same.
    for (const name of ['acme/kit-8', 'acme/nothing']) {
      expect((await stranger.open(`/ui/runs?project=${name}`)).text).toContain('No run fits that.');
      expect((await stranger.open(`/ui/runs?author=otto&project=${name}`)).text).toContain('Name a repository');
    }
    expect((await stranger.open('/ui/runs')).text).not.toContain('/ui/queue');
  });

  it('goes on page by page to the last, with what was asked for', async () => {
    for (let number = 0; number < 60; number += 1) await open(`Many ${number}`, { repository: 9, issue: 100 + number });
    const browser = await admin();
    const seen: (string | undefined)[] = [];
    let path = '/ui/runs?project=acme/kit-9';
    for (let pages = 1; ; pages += 1) {
      const { text } = await browser.open(path);
      seen.push(...tasks(text));
      const [, older] = /href="(\/ui\/runs\?[^"]+)">Older</.exec(text) ?? [];
      expect(text.includes('data-every')).toBe(pages === 1);
      expect(text.includes('>Newest<')).toBe(pages > 1);
      if (older === undefined) break;
      path = older.replaceAll('&amp;', '&');
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => `Many ${59 - index}`));
  });

  it('tells business users nothing of git', async () => {
    const { project } = runRequest();
    const opened = await openRun(api.deps, {
      ...runRequest({ triggerKey: 'hidden' }),
      project: { ...project, id: 'gh_11', repositoryId: 11 },
      plan: standardPlan({ goal: 'Say hello', prompt: 'Say hello' }),
    });
    const { id } = (opened.ok && opened.run) as { id: string };
    const failure = JSON.stringify({ kind: 'gate', message: 'No pull request: `npm test` failed.', next: 'git push' });
    await api.db.execute(sql`
      update nofx.run set git_mode = 'hidden', status = 'failed', ended_at = now(), failure = ${failure}::jsonb,
        pull_request = '{"number":5,"url":"https://github.example/5"}' where id = ${id}`);
    const { text } = await (await admin()).open(`/ui/runs/${id}`);
    expect(text).toContain('What was checked did not pass.');
    expect(text).toContain('Review the result');
    expect(text).toContain('<code>/nofx retry</code>');
    expect(text.replace(/<[^>]+>/g, '')).not.toMatch(/branch|commit|pull request|rebase|git push/i);
  });

  it.each([
    ['queued', '', 'It begins as soon as there is a worker for it.'],
    ['running', `cancel_requested_at = now()`, 'It stops within seconds'],
    ['cancelled', `cancel_requested_by = 'otto'`, 'otto had it stopped. Nothing was handed in for review.'],
    ['neutral', '', 'There was nothing to change, so there is nothing to review.'],
    ['succeeded', PULL_REQUEST, 'It is ready for review. Nothing is merged until you merge it.'],
    ['succeeded', `${PULL_REQUEST}, git_mode = 'hidden'`, 'Nothing is live until someone approves it.'],
    ['succeeded', `${PULL_REQUEST}, merged_at = now()`, 'The pull request was merged.'],
    ['failed', FAILURE, 'Out of words. Next: Comment <code>/nofx retry</code>.'],
    ['failed', `${FAILURE}, source = source || '{"issue":null}'`, 'Next: Do it again from the step that failed.'],
  ])('says what came of one that is %s (%s)', async (status, facts, expected) => {
    const { id } = await open('Come to something', { repository: 13, issue: (count += 1) });
    const ended = ['queued', 'running'].includes(status) ? null : new Date().toISOString();
    await api.db.execute(sql`update nofx.run set ended_at = ${ended}, status = ${status} where id = ${id}`);
    if (facts) await api.db.execute(sql`update nofx.run set ${sql.raw(facts)} where id = ${id}`);
    const { text } = await (await admin()).open(`/ui/runs/${id}`);
    const words = text.replace(/<(?!\/?code)[^>]+>/g, ' ').replace(/\s+/g, ' ');
    expect(words).toContain(expected);
  });

  it('says where a day of its timeline ends and another begins', async () => {
    const { id } = await open('Take days', { repository: 13, issue: (count += 1) });
    await api.db.execute(sql`update nofx.event set created_at = '2026-01-30T23:59:59Z' where run_id = ${id}`);
    const page = async () => (await (await admin()).open(`/ui/runs/${id}`)).text.replace(/<[^>]+>|\s+/g, ' ');
    expect(await page()).not.toContain('2026-01-31');
    await api.db.execute(
      sql`update nofx.event set created_at = '2026-01-31T00:00:01Z' where run_id = ${id} and seq > 1`,
    );
    expect(await page()).toMatch(/23:59:59 +The run was asked for +2026-01-31 +00:00:01 /);
  });

  it('leads from a failure to what the gate printed', async () => {
    const { id } = await open('Break the gate', { repository: 13, issue: (count += 1) });
    const outputs = { verdict: 'failed', command: 'npm test', exitCode: 1, durationMs: 9, tail: 'not the answer' };
    await api.db.execute(sql`update nofx.step set tool = 'gate:test', status = 'failed', started_at = now(),
      ended_at = now(), outputs = ${JSON.stringify(outputs)}::jsonb where run_id = ${id}`);
    await api.db.execute(
      sql`update nofx.run set status = 'failed', ended_at = now(), ${sql.raw(FAILURE)} where id = ${id}`,
    );
    const { text } = await (await admin()).open(`/ui/runs/${id}`);
    const [, place = ''] = /href="#([^"]+)">See what test printed/.exec(text)!;
    expect(text.split(`id="${place}"`)[1]).toMatch(/^[^]*?not the answer/);
  });

  it('tells all else of a run whose change cannot be read', async () => {
    const run = await open('Lose the disk', { repository: 12 });
    const [step] = await listSteps(api.db, run.id);
    const lost = { name: 'changes.diff', path: 'lost', driver: 'local', size: 9, contentType: 'text/x-diff' } as const;
    const row = { id: 'art_lost', runId: run.id, stepId: step!.id, sha256: 'a'.repeat(64), ...lost };
    await upsertArtifacts(api.db, [row]);
    const browser = await admin();
    const { status, text } = await browser.open(`/ui/runs/${run.id}`);
    expect(status).toBe(200);
    expect(text).toContain('The change could not be read just now');
    await api.db.execute(sql`update nofx.artifact set size = 600000 where id = 'art_lost'`);
    expect((await browser.open(`/ui/runs/${run.id}`)).text).toContain('The change is too large for a page');
  });

  describeInBrowser('in a browser', (browser) => {
    const signedIn = async (look: Parameters<typeof browser.open>[1] = {}) => {
      const page = await browser.open(`${api.url}/ui/sign-in`, look);
      await page.getByLabel('API key').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Runs' }).waitFor();
      return page;
    };

    it('is clean in every look, as is the door before it', async () => {
      expect(await browser.everyLook(`${api.url}/ui/sign-in`, 'sign-in')).toEqual([]);
      const session = await (await signedIn()).context().storageState();
      expect(await browser.everyLook(`${api.url}/ui/runs`, 'runs', session)).toEqual([]);
    });

    it('shows new runs by itself, but takes nothing from under somebody who writes', async () => {
      const page = await signedIn();
      await open('Came just now', { repository: 10 });
      await page.getByText('Came just now').waitFor();
      await page.getByLabel('Words of the task').fill('rel');
      await open('Came later', { repository: 10 });
      await page.getByText('Came later').waitFor();
      expect(await page.getByLabel('Words of the task').inputValue()).toBe('rel');
    });

    it('asks for nothing while nobody sees it, and at once when somebody does', async () => {
      const page = await signedIn();
      await page.addInitScript(`
        let asked = 0;
        const { fetch } = globalThis;
        globalThis.fetch = (...given) => (asked += 1, fetch(...given));
        globalThis.setInterval = (ask) => void (globalThis.ask = ask);
        globalThis.hide = (hidden) => {
          Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        };
        globalThis.askedSoon = () => new Promise((tell) => setTimeout(() => tell(asked), 0));`);
      await page.reload();
      expect(await page.evaluate('hide(true); ask(); askedSoon()')).toBe(0);
      await open('Came unseen', { repository: 10 });
      expect(await page.evaluate('hide(false); askedSoon()')).toBe(1);
      await page.getByText('Came unseen').waitFor();
    });

    it('is used by the keyboard alone, without a script', async () => {
      const page = await signedIn({ javaScript: false });
      while ((await focused(page)) !== 'Words of the task') await page.keyboard.press('Tab');
      await page.keyboard.type('release notes');
      await page.keyboard.press('Enter');
      await page.waitForURL(/q=release/);
      while ((await focused(page)) !== 'Write the release notes') await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Write the release notes' }).waitFor();
    });
  });
});
