import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startGitHub, type TestGitHub } from '../support/github.ts';
import { describeInBrowser, focused, picture } from '../support/browser.ts';
import { NPM_START } from '../support/npm-start.ts';

describeInBrowser('npm start without an app', (browser) => {
  let folder: string;
  let github: TestGitHub;
  let address: string;
  let nofx: ReturnType<typeof start>;
  let said = '';
  let link: string;

  const start = () => {
    const { PATH, HOME } = process.env;
    const env = {
      PATH,
      HOME,
      PORT: new URL(address).port,
      GHE_HOST: github.host,
      GHE_PROTOCOL: 'http',
      NOFX_DATA_DIR: join(folder, 'data'),
    };
    const running = execa('sh', NPM_START.shell, {
      cwd: folder,
      env,
      extendEnv: false,
      reject: false,
      all: true,
      timeout: 110_000,
    });
    running.all.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return running;
  };
  const hears = async (what: RegExp) => {
    await vi.waitFor(() => expect(said).toMatch(what), { timeout: 60_000, interval: 50 });
    return what.exec(said)![0];
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nofx-first-run-'));
    writeFileSync(join(folder, 'settings'), '# mine\nAPP_ID=\nADMIN_PASSWORD=correct horse\n');
    chmodSync(join(folder, 'settings'), 0o644);
    symlinkSync('settings', join(folder, '.env'));
    github = await startGitHub();
    address = `http://127.0.0.1:${await freePort()}`;
    nofx = start();
    link = await hears(/http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/);
  });
  const stop = async () => {
    nofx.kill('SIGTERM');
    const { exitCode } = await nofx;
    await github.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    expect([exitCode, github.problems]).toEqual([0, []]);
  };
  afterAll(() => stop());

  it('shows nothing to whoever does not come by its link', async () => {
    const closed = await fetch(address);
    expect([closed.status, await closed.text()]).toEqual([403, expect.stringContaining('Open the link')]);
    for (const path of [
      '/?address=https://evil.example',
      '/?token=x',
      '/created?code=x&state=x',
      '/health',
      '/openapi.json',
      '/api/github/webhooks',
    ]) {
      expect((await fetch(address + path, { redirect: 'manual' })).status, path).toBe(403);
    }
    expect(closed.headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin');
    expect(closed.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('is a page for everybody', async () => {
    expect(await browser.everyLook(link, 'first-run-1')).toEqual([]);
    const page = await browser.open(link);
    expect(page.url()).toBe(`${address}/`);
    const session = await page.context().storageState();
    const review = `${address}/?address=https://nofx.example.com&organization=acme`;
    expect(await browser.everyLook(review, 'first-run-2', session)).toEqual([]);
    const wrong = `${address}/?address=nofx.example.com&organization=a+b`;
    expect(await browser.everyLook(wrong, 'first-run-mistakes', session)).toEqual([]);
  });

  it('does not take what GitHub was not asked for', async () => {
    const page = await browser.open(link);
    await page.goto(`${address}/created?code=somebody-elses&state=made-up`);
    expect(await page.getByRole('alert').textContent()).toContain('does not belong');
    expect(github.requests()).toEqual([]);
  });

  it('makes the app by keyboard and without a script, and goes on as NOFX', async () => {
    const page = await browser.open(link, { javaScript: false });
    const { keyboard } = page;
    const press = async (key: string, times = 1) => {
      for (let time = 0; time < times; time += 1) await keyboard.press(key);
    };
    await page.getByLabel('Where can GitHub').focus();
    await keyboard.type('nowhere');
    await press('Enter');
    await page.getByText('Write a whole address').waitFor();
    await page.getByLabel('Where can GitHub').fill(address);
    await press('Tab');
    expect(await focused(page)).toBe('Which organization shall own the app?');
    await keyboard.type('acme');
    await press('Enter');

    await page.getByText(`${address}/api/github/webhooks`).waitFor();
    await page.getByRole('button', { name: /^Create it on/ }).focus();
    await press('Enter');
    // As browsers do to be quicker: it must not keep NOFX from starting.
    const spare = connect(Number(new URL(address).port), '127.0.0.1');
    await once(spare, 'connect');
    await page.getByRole('button', { name: 'Create GitHub App for acme' }).click();

    await page.getByRole('heading', { name: 'NOFX is registered' }).waitFor();
    await picture(page, 'first-run-3');
    expect(await page.getByRole('link', { name: 'Install it' }).getAttribute('href')).toBe(
      `${github.url}/apps/nofx/installations/new`,
    );
    expect(await page.getByText('ANTHROPIC_API_KEY').isVisible()).toBe(true);
    expect(await page.getByText('ADMIN_PASSWORD').count()).toBe(0);

    await hears(/"webhooks":"[^"]+"/);
    await github.ping();
    expect(github.deliveries()[0]).toMatchObject({
      event: 'ping',
      statusCode: 202,
      url: `${address}/api/github/webhooks`,
    });
    await page.getByRole('link', { name: 'Open NOFX' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();

    const settings = readFileSync(join(folder, '.env'), 'utf8');
    expect(settings).toMatch(/^# mine\nAPP_ID=4242\nADMIN_PASSWORD=correct horse\nPRIVATE_KEY_PATH=/);
    const { PRIVATE_KEY_PATH: key = '', WEBHOOK_SECRET: secret = '', NOFX_PUBLIC_URL } = parseEnv(settings);
    expect(NOFX_PUBLIC_URL).toBe(address);
    expect(readFileSync(key, 'utf8')).toContain('PRIVATE KEY');
    for (const file of [key, join(folder, 'settings')]) expect(statSync(file).mode & 0o777, file).toBe(0o600);
    expect(said).not.toContain(secret);
    expect(said).not.toContain('BEGIN');
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
