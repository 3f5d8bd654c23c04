import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { source as axeSource } from 'axe-core';
import { chromium, type Browser as Chromium, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';

export type { Page } from 'playwright-core';

/** How a person looks at a page. */
export type Look = {
  /** `desktop` when absent */
  size?: 'desktop' | 'phone';
  /** `light` when absent */
  scheme?: 'light' | 'dark';
  /** true when absent */
  javaScript?: boolean;
  /** True where the test cuts the connection: that requests fail is then no mistake of the page. */
  outage?: boolean;
  /** A session begun in another look, as `session()` returned it. */
  session?: Session;
};

/** Whoever is signed in: cookies and the like. */
export type Session = Awaited<ReturnType<BrowserContext['storageState']>>;

export type Browser = {
  /** A page of its own, with cookies of its own, at this address. What goes wrong in it fails the file at its end. */
  open(url: string, look?: Look): Promise<Page>;
  /**
   * Looks at an address in light and dark, on a desktop and on a phone; keeps a picture of each, and returns what is wrong:
   * what axe finds, and content wider than the screen.
   */
  everyLook(url: string, picture: string, session?: Session): Promise<string[]>;
};

const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 375, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const;

const PROGRAMS = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];
const executablePath = findProgram();
const whySkipped = executablePath ? '' : ' (skipped: no Chromium here; `bash scripts/setup.sh --tests` installs it)';

/** Where pictures go; never into git. */
const pictures = process.env['NOFX_TEST_SCREENSHOTS'] ?? '.nofx/screenshots';

/**
 * Tests that share one Chromium. Where there is none they are skipped, and their name says why.
 *
 *   describeInBrowser('the runs page', (browser) => { it('…', async () => { const page = await browser.open(url); … }) })
 */
export function describeInBrowser(name: string, tests: (browser: Browser) => void): void {
  describe.skipIf(executablePath === undefined)(name + whySkipped, () => {
    let started: Chromium;
    const problems: string[] = [];
    const open: Browser['open'] = (url, look = {}) => openPage(started, problems, url, look);
    beforeAll(async () => {
      started = await launch(executablePath!);
    });
    afterAll(async () => {
      await started.close();
      expect(problems, 'errors in pages').toEqual([]);
    });
    tests({ open, everyLook: (url, name, session) => everyLook(open, url, name, session) });
  });
}

/** What axe finds wrong by WCAG 2.2 A and AA, one line for each place. Empty where nothing is. axe is a script: not for a page without. */
export async function axeClean(page: Page): Promise<string[]> {
  // Evaluated, not added as a script: the page's own rules for scripts do not concern us.
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(axeSource);
  const tags = JSON.stringify(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);
  const found = await page.evaluate<Violation[]>(
    `axe.run(document, { runOnly: ${tags} }).then(({ violations }) => violations)`,
  );
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary ?? ''}`),
  );
}

type Violation = { id: string; help: string; nodes: { html: string; failureSummary?: string }[] };

/** Keeps a picture of the whole page, as `<name>.png`. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** What the keyboard has reached: the name a screen reader would say, or the element itself. */
export function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    `((e) => e.getAttribute('aria-label') || e.labels?.[0]?.textContent.trim() || e.textContent.trim() || e.tagName)(document.activeElement)`,
  );
}

async function everyLook(open: Browser['open'], url: string, name: string, session?: Session): Promise<string[]> {
  const wrong: string[] = [];
  for (const size of ['desktop', 'phone'] as const) {
    const page = await open(url, { session, size });
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await picture(page, `${name}-${size}-${scheme}`);
      const tooWide = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
      if (tooWide) wrong.push(`${size} ${scheme}: the page is wider than the screen`);
      wrong.push(...(await axeClean(page)).map((violation) => `${size} ${scheme}: ${violation}`));
    }
    await page.context().close();
  }
  return wrong;
}

async function openPage(browser: Chromium, problems: string[], url: string, look: Look): Promise<Page> {
  const context = await browser.newContext({
    ...SIZES[look.size ?? 'desktop'],
    colorScheme: look.scheme ?? 'light',
    javaScriptEnabled: look.javaScript ?? true,
    reducedMotion: 'reduce',
    ...(look.session ? { storageState: look.session } : {}),
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
  page.on('console', (line) => {
    if (look.outage && /net::ERR_(CONNECTION|SOCKET|EMPTY|INCOMPLETE)/.test(line.text())) return;
    // A status that a test provokes is the test's to judge; the rest is a script's error or the content policy biting.
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource: the server responded'))
      problems.push(`${page.url()}: ${line.text()}`);
  });
  await page.goto(url);
  return page;
}

function launch(program: string): Promise<Chromium> {
  return chromium.launch({
    executablePath: program,
    args: [
      // Chromium's own sandbox refuses to run as root, which tests in a container are. It sees pages of ours alone.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      // Containers often have a small /dev/shm.
      '--disable-dev-shm-usage',
    ],
  });
}

function findProgram(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
