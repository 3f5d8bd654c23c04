import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/api/keys.ts';
import { turn, type Script, type Turn } from '../../src/playground/model.ts';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { axeClean, describeInBrowser, focused, picture, type Look } from '../support/browser.ts';
import { startHarness, until, type Harness, type Repository } from '../support/harness.ts';
import { MODEL_PLAN } from '../support/model-plan.ts';
import { visitor } from './support.ts';

const PASSWORD = 'a password of the tests';
const PUBLIC = 'https://nofx.example.com';

/** Text that would do something if it was not taken as text. */
const EVIL = `"'><script>alert(1)</script><img src=x onerror=alert(1)></pre>`;

/** Wrong at first, mended at the second attempt; with evil wherever a model may put some. */
const mends = ({ turn: step, prompt }: ScriptRequest): Turn => {
  const attempt = Number(/this is attempt (\d) of/.exec(prompt)?.[1] ?? 0);
  const content = ['forty-two', '41', '42'][attempt] ?? '42';
  return step === 0
    ? turn.tools([
        ['write', { file_path: 'answer.txt', content: `${content}\n` }],
        ['write', { file_path: 'docs/notes.md', content: `${EVIL}\nNoted.\n` }],
      ])
    : turn.text(`The answer is ${content}. ${EVIL}`);
};

const GATES = `gates:
  lint: 'cat docs/notes.md; grep -q "^[0-9]*$" answer.txt || { echo "answer.txt:1: error: not a number"; exit 2; }'
  test: 'grep -q 42 answer.txt || { echo "not the answer"; exit 1; }'
`;

describe.concurrent('the page of a run', () => {
  let nofx: Harness;
  beforeAll(async () => {
    const environment = { ADMIN_PASSWORD: PASSWORD, NOFX_PUBLIC_URL: PUBLIC };
    nofx = await startHarness({ environment });
  });
  afterAll(() => nofx.stop());

  const signedIn = async (secret = PASSWORD) => {
    const browser = visitor(nofx.nofx.url);
    await browser.signIn(secret);
    return browser;
  };
  const keyOf = async (login: string) => {
    const user = { id: nofx.github.addUser(login).id, login };
    return (await createKey(nofx.nofx.database.db, { user, name: 'test' })).key;
  };
  const pathOf = async (kit: Repository) => `/ui/runs/${(await kit.runs()).at(-1)!.id}`;
  let mended: Promise<Repository> | undefined;
  /** A repository with a run that had to mend twice. */
  const mendedOnce = () =>
    (mended ??= (async () => {
      const kit = await nofx.repository({ config: GATES, model: mends });
      await kit.ask(`/nofx find the answer ${EVIL}`, { title: `Find the answer ${EVIL}` });
      return kit;
    })());
  /** A model that waits until it is told to go on. */
  const waiting = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const model: Script = async ({ turn: step }) => {
      await promise;
      return step === 0
        ? turn.tool('write', { file_path: 'notes.md', content: 'Noted.\n' })
        : turn.text('Adds the notes.');
    };
    return { model, goOn: resolve };
  };

  it('is where the details of its checks lead, and opens there without signing in', async () => {
    const kit = await mendedOnce();
    const links = new Set(kit.checkRuns().map((check) => check.details_url));
    expect(links.size).toBe(1);
    const [link] = [...links] as [string];
    expect(link.startsWith(`${PUBLIC}${await pathOf(kit)}?key=nofx_link_`)).toBe(true);
    expect(nofx.log().join('\n')).not.toContain(new URL(link).searchParams.get('key')!);
    expect(kit.everything()).not.toContain('nofx_link_');

    const stranger = visitor(nofx.nofx.url);
    const { location } = await stranger.open(link.slice(PUBLIC.length));
    const { status, text } = await stranger.open(location!);
    expect(status).toBe(200);
    expect(text).toContain('To read only');
    expect(text).not.toContain('<nav');
    expect(text).not.toContain('method="post"');
  });

  it('tells all there is: steps, attempts, changes, artifacts, events', async () => {
    const kit = await mendedOnce();
    const browser = await signedIn();
    const { text } = await browser.open(await pathOf(kit));
    const run = await kit.run();
    expect(text.match(/<li id="step-\d+">/g)).toHaveLength(run.steps.length);
    expect(text).toMatch(/Attempt 1 of 2[^]*exit code 1[^]*not the answer[^]*Attempt 2 of 2/);
    expect(text).toContain('<ins>+42</ins>');
    // Without the change there is no answer at all.
    expect(text).toMatch(/It fails on the base \(<code>[0-9a-f]{7}<\/code>\) as well, without the change/);
    expect(text).toMatch(/End of its output on the base<[^]*grep: answer\.txt/);
    for (const { sha256 } of run.artifacts) expect(text).toContain(sha256);
    expect(text.match(/<time class="num"/g)).toHaveLength(run.events.length);
    expect(text).toMatch(/\$\d\.\d{2,4} of \$5\.00[^]*[\d,]+ tokens in/);
    expect(text).not.toContain('http-equiv="refresh"');
    const [, artifact = ''] = /href="(\/artifacts\/[^"]+answer\.txt)"/.exec(text)!;
    expect(await (await browser.ask(artifact)).text()).toBe('forty-two\n');
  });

  it('takes what people, models and commands have written as text', async () => {
    const { text } = await (await signedIn()).open(await pathOf(await mendedOnce()));
    expect(text).toContain('&lt;script&gt;alert(1)');
    expect(text).not.toContain('<script>');
    expect(text).not.toContain('<img');
    expect(text.split('</pre>').length).toBe(text.split('<pre').length);
  });

  it('shows what a gate prints while it runs, and refreshes itself without a script', async () => {
    const config = `gates:\n  test: echo "compiling"; sleep 8; echo done\n`;
    const kit = await nofx.repository({ config });
    await kit.comment('/nofx add the notes');
    const browser = await signedIn();
    await until(async () => (await kit.runs()).length > 0);
    const path = await pathOf(kit);
    let text = '';
    await until(
      async () =>
        (text = (await browser.open(path)).text).includes('compiling\n</pre>') || text.includes('>compiling</pre>'),
    );
    expect(text).toContain('Output so far');
    expect(text).toContain('<noscript><meta http-equiv="refresh" content="5" /></noscript>');
    await kit.drain();
    expect((await browser.open(path)).text).not.toContain('http-equiv');
  });

  it('lets those stop it who may, and nobody else, and does it again', async () => {
    const { model, goOn } = waiting();
    const kit = await nofx.repository({ model });
    await kit.comment('/nofx add the notes');
    await until(async () => (await kit.runs())[0]?.status === 'running');
    const path = await pathOf(kit);
    const reader = await signedIn(await keyOf('rita'));
    expect((await reader.open(path)).text).not.toContain(`action="${path}/cancel"`);
    const forced = await reader.send(`${path}/cancel`, {
      form: /name="form" value="([^"]+)/.exec((await reader.open(path)).text)![1]!,
    });
    expect(forced.headers.get('location')).toBe(path);
    expect((await reader.open(path)).text).toContain('role="status">That takes the role write');
    expect((await reader.open(path)).text).not.toContain('That takes the role write');

    const writer = await signedIn(await keyOf('mona'));
    await writer.open(path);
    expect((await writer.send(`${path}/cancel`)).status).toBe(303);
    expect((await writer.open(path)).text).toContain('The run stops within seconds');
    goOn();
    await kit.drain();
    expect((await kit.runs())[0]!.status).toBe('cancelled');
    await writer.open(path);
    const { steps } = await kit.detailsOf((await kit.runs())[0]!);
    const again = await writer.send(`${path}/retry`, { step: steps[0]!.id });
    const [, next] = await kit.runs();
    expect(again.headers.get('location')).toBe(`/ui/runs/${next!.id}`);
    await kit.drain();
    expect((await writer.open(`/ui/runs/${next!.id}`)).text).toContain('data-status="succeeded"');
    // There is nothing to try again.
    expect((await writer.send(`/ui/runs/${next!.id}/retry`, { step: 'x' })).status).toBe(403);
  });

  describeInBrowser('in a browser', (browser) => {
    const at = async (path: string, { through = nofx.nofx.url, ...look }: Look & { through?: string } = {}) => {
      const page = await browser.open(`${through}/ui/sign-in?to=${encodeURIComponent(path)}`, look);
      await page.getByLabel('API key').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`**${path}`);
      return page;
    };
    const session = async () => (await at('/ui/runs/none')).context().storageState();

    it('is clean in every look, and where it waits, and is used by the keyboard alone', async () => {
      const kit = await mendedOnce();
      expect(await browser.everyLook(nofx.nofx.url + (await pathOf(kit)), 'run-mended', await session())).toEqual([]);
      const planned = await nofx.repository({
        model: ({ structured, turn: step }) =>
          structured
            ? turn.json(MODEL_PLAN)
            : step === 0
              ? turn.tool('write', { file_path: 'n.md', content: 'n\n' })
              : turn.text('Done.'),
        collaborators: { mona: 'write', maya: 'maintain' },
      });
      await planned.ask('/nofx plan add the notes');
      const path = await pathOf(planned);
      const page = await at(path);
      expect(await axeClean(page)).toEqual([]);
      await picture(page, 'run-waiting');
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe('Skip to content');
      await page.keyboard.press('Enter');
      // From the content on, the next but two is what is asked.
      for (let tabs = 0; tabs < 4 && (await focused(page)) !== 'Approve'; tabs += 1) await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByText('Approved: the run goes on.').waitFor();
      await page.locator('.run-state [data-status=succeeded]').waitFor();
      await planned.drain();
    });

    it('follows a run without being loaded again, and keeps what is open and focused, also over an outage', async () => {
      const { model, goOn } = waiting();
      const kit = await nofx.repository({ model });
      await kit.comment('/nofx add the notes');
      await until(async () => (await kit.runs())[0]?.status === 'running');
      const proxy = await startProxy(nofx.nofx.url);
      const page = await at(await pathOf(kit), { through: proxy.url, outage: true });
      expect(await axeClean(page)).toEqual([]);
      await picture(page, 'run-at-work');
      await page.evaluate('globalThis.loadedOnce = true');
      await page.locator('#events summary').focus();
      await page.keyboard.press('Enter');
      const before = await page.locator('.events li').count();
      proxy.cut();
      await page.getByText('Not up to date').waitFor();
      const again = page.waitForResponse((answer) => answer.url().endsWith('/stream') && answer.ok());
      proxy.mend();
      const { 'last-event-id': seen } = await (await again).request().allHeaders();
      expect(Number(seen)).toBe((await kit.run()).lastSeq);
      goOn();
      await page.locator('.run-state [data-status=succeeded]').waitFor();
      await kit.drain();
      expect(await page.locator('.live-status').textContent()).toBe('Live');
      expect(await page.locator('.events li').count()).toBeGreaterThan(before);
      expect(await page.locator('#events').getAttribute('open')).not.toBeNull();
      expect(await focused(page)).toMatch(/^\d+ events/);
      expect(await page.evaluate('globalThis.loadedOnce')).toBe(true);
      await proxy.close();
    });

    it('follows a run by its stream alone', async () => {
      const { model, goOn } = waiting();
      const kit = await nofx.repository({ model });
      await kit.comment('/nofx add the notes');
      await until(async () => (await kit.runs())[0]?.status === 'running');
      const page = await at(await pathOf(kit));
      // No clock: whatever is seen from here on was told.
      await page.addInitScript('window.setInterval = () => 0');
      await page.reload();
      goOn();
      await page.locator('.run-state [data-status=succeeded]').waitFor();
      await kit.drain();
    });

    it('needs no script', async () => {
      const { model, goOn } = waiting();
      const kit = await nofx.repository({ model });
      await kit.comment('/nofx add the notes');
      await until(async () => (await kit.runs())[0]?.status === 'running');
      const page = await at(await pathOf(kit), { javaScript: false });
      await page.getByRole('button', { name: 'Cancel this run' }).click();
      await page.getByText('The run stops within seconds').waitFor();
      goOn();
      await page.locator('.run-state [data-status=cancelled]').waitFor();
      await kit.drain();
    });
  });
});

/** Stands between a browser and NOFX, and can be cut. */
async function startProxy(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((from) => {
    if (isCut) return void from.destroy();
    const to = connect(Number(port), hostname);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy()).on('close', () => sockets.delete(one));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      end();
    },
    mend: () => void (isCut = false),
    async close() {
      end();
      server.close();
      await once(server, 'close');
    },
  };
}
