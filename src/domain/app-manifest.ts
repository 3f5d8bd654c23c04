import { z } from 'zod';

/** What `app.yml` says of the app, whoever registers it. */
export const AppTemplate = z.object({
  name: z.string(),
  description: z.string(),
  public: z.boolean(),
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
});
export type AppTemplate = z.infer<typeof AppTemplate>;

/** Where the new app will live. */
export type AppPlace = {
  /** where GitHub and people reach this NOFX, without a slash at the end */
  publicUrl: string;
  /** where GitHub leads back to, with `?code=…&state=…` */
  redirectUrl: string;
};

export const WEBHOOK_PATH = '/api/github/webhooks';

/** The manifest that GitHub registers an app from: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest */
export function manifestOf(template: AppTemplate, { publicUrl, redirectUrl }: AppPlace) {
  return {
    ...template,
    url: publicUrl,
    hook_attributes: { url: publicUrl + WEBHOOK_PATH, active: true },
    redirect_url: redirectUrl,
  };
}

/** What GitHub gives back for the code of a manifest, once. */
export type CreatedApp = {
  appId: number;
  name: string;
  /** the app's own page */
  url: string;
  /** PEM */
  privateKey: string;
  /** null where the app was given no webhook */
  webhookSecret: string | null;
};

/** Who will own the app, and where it is reached: as a person wrote it, or every mistake at once. */
export type Wish = { organization: string; address: string };
export type CheckedWish =
  | { ok: true; organization: string | null; publicUrl: string }
  | { ok: false; mistakes: Partial<Record<keyof Wish, string>> };

/** Checks what was written into the form. `loopback`: also an address on this machine, where GitHub is a stand-in on it. */
export function checkWish({ organization, address }: Wish, { loopback }: { loopback: boolean }): CheckedWish {
  const mistakes: Partial<Record<keyof Wish, string>> = {};
  const login = organization.trim();
  if (login !== '' && !/^[a-z\d](?:-?[a-z\d]){0,38}$/i.test(login))
    mistakes.organization = 'That is not the name of an organization: letters, digits and single hyphens.';
  const wrong = whatIsWrongWith(address.trim(), loopback);
  if (wrong) mistakes.address = wrong;
  if (Object.keys(mistakes).length > 0) return { ok: false, mistakes };
  const { origin, pathname } = new URL(address.trim());
  return { ok: true, organization: login || null, publicUrl: origin + pathname.replace(/\/+$/, '') };
}

function whatIsWrongWith(address: string, loopback: boolean): string | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    return 'Write a whole address, such as https://nofx.example.com.';
  if (url.username || url.password || url.search || url.hash)
    return 'Leave out everything behind the host and its path.';
  if (!loopback && /^(localhost|127\.|0\.0\.0\.0|\[::1?\])/.test(url.hostname))
    return 'That is this machine, which GitHub cannot reach. Write the address it has on the internet, or that of a tunnel.';
  return null;
}
