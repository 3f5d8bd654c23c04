import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, focused } from './browser.ts';

const PAGE = `<!doctype html><html lang="en"><head><title>Two buttons</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>Two buttons</h1><button>One</button> <button aria-label="Two"></button>
<noscript><p>No script here</p></noscript><p id="said"></p></main>
<script>said.textContent = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'</script></body></html>`;
const WRONG = PAGE.replace(' aria-label="Two"', '').replace('<h1>', '<h1 style="width:3000px;color:#eee">');

describeInBrowser('the browser of the tests', (browser) => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      response.setHeader('content-type', 'text/html').end(request.url === '/wrong' ? WRONG : PAGE);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  it('finds nothing wrong with a page where nothing is', async () => {
    expect(await browser.everyLook(url, 'browser-right')).toEqual([]);
  });

  it('finds what is wrong, in every look', async () => {
    const wrong = await browser.everyLook(`${url}/wrong`, 'browser-wrong');
    for (const look of ['desktop light', 'desktop dark', 'phone light', 'phone dark']) {
      expect(wrong).toContainEqual(expect.stringContaining(`${look}: the page is wider`));
      expect(wrong).toContainEqual(expect.stringContaining(`${look}: button-name`));
      expect(wrong).toContainEqual(expect.stringContaining(`${look}: color-contrast`));
    }
  });

  it('looks as it is told, with and without scripts', async () => {
    const page = await browser.open(url, { scheme: 'dark', size: 'phone' });
    expect(await page.locator('#said').textContent()).toBe('dark');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Two');

    const quiet = await browser.open(url, { javaScript: false });
    expect(await quiet.locator('#said').textContent()).toBe('');
    expect(await quiet.locator('noscript p').isVisible()).toBe(true);
  });
});
