import { ProbotOctokit } from 'probot';
import type { CreatedApp } from '../domain/app-manifest.ts';
import { messageOf, UserError } from '../errors.ts';
import { once } from './client.ts';
import { silent, timed } from './requests.ts';

/**
 * Gives GitHub the code it led somebody back with, and gets the app that was made. A code works once, within an hour.
 * UserError where GitHub does not take it.
 */
export async function createAppFromManifest(code: string, { apiUrl }: { apiUrl: string }): Promise<CreatedApp> {
  const octokit = new ProbotOctokit({
    baseUrl: apiUrl,
    log: silent,
    request: { fetch: timed() },
  });
  try {
    const { data } = await octokit.rest.apps.createFromManifest({ code, ...once });
    return {
      appId: data.id,
      name: data.name,
      url: data.html_url,
      privateKey: data.pem,
      webhookSecret: data.webhook_secret,
    };
  } catch (error) {
    throw new UserError(
      `GitHub did not hand out the app: ${messageOf(error)}`,
      'Its codes work once and for an hour. Begin again; an app that was left over can be deleted in the settings on GitHub.',
      { cause: error },
    );
  }
}
