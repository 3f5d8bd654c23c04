import { PASSWORD } from '../api/support.ts';
import type { Browser, Session } from '../support/browser.ts';

/** A browser without scripts: it keeps cookies, follows no redirect, and sends forms as browsers do. */
export function visitor(url: string) {
  const cookies = new Map<string, string>();
  let html = '';

  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url + path, {
      redirect: 'manual',
      ...init,
      headers: { ...(cookie && { cookie }), ...(init.headers as Record<string, string>) },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = '', rest = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
      if (/max-age=0/i.test(rest)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };

  return {
    cookies,
    ask,
    /** Opens a page; its text is what forms are then sent from. */
    async open(path: string): Promise<{ status: number; text: string; location: string | null }> {
      const answer = await ask(path);
      html = await answer.text();
      return { status: answer.status, text: html, location: answer.headers.get('location') };
    },
    /** Sends a form of the page that is open, with its hidden fields, `headers` instead of those of a browser. */
    async send(
      action: string,
      fields: Record<string, string> = {},
      headers: Record<string, string> = { origin: url, 'sec-fetch-site': 'same-origin' },
    ): Promise<Response> {
      const [, form = ''] = html.split(`action="${action}"`);
      const hidden = [...form.split('</form>')[0]!.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)];
      const body = new URLSearchParams({
        ...Object.fromEntries(hidden.map(([, name, value]) => [name, value!.replaceAll('&amp;', '&')])),
        ...fields,
      });
      return ask(action, { method: 'POST', body, headers });
    },
    /** Comes in by password or key. */
    async signIn(secret: string): Promise<void> {
      await this.open('/ui/sign-in');
      await this.send('/ui/sign-in', { secret });
    },
  };
}

/** Signs in through the page, with a browser that has scripts: what it holds then opens the other pages. */
export async function sessionIn(browser: Browser, url: string): Promise<Session> {
  const page = await browser.open(`${url}/ui/sign-in`);
  await page.getByLabel('API key').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/ui/runs');
  return page.context().storageState();
}
