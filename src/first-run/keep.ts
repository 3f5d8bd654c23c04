import { access, chmod, constants, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CreatedApp } from '../domain/app-manifest.ts';
import { withVariables } from '../domain/env-file.ts';
import { messageOf, UserError } from '../errors.ts';

/** What a new app's settings are written to. */
export type Places = {
  /** the `.env` that the configuration is read from */
  envFile: string;
  dataDir: string;
};

/** UserError where the settings of an app could not be written: to be known before GitHub is asked for one. */
export async function assertWritable({ envFile, dataDir }: Places): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK);
    await access(dirname(await real(envFile)), constants.W_OK);
  } catch (error) {
    throw new UserError(
      `The app's settings could not be kept here: ${messageOf(error)}`,
      `Let NOFX write ${envFile} and the folder ${dataDir}, or create the app by hand (README.md).`,
      { cause: error },
    );
  }
}

/**
 * Writes the app's key to a file of its own and its settings into `.env`, both for the owner alone; what `.env` holds
 * otherwise is kept. Returns the variables.
 */
export async function keepApp(app: CreatedApp, publicUrl: string, places: Places): Promise<Record<string, string>> {
  const key = join(places.dataDir, `github-app-${app.appId}.pem`);
  const variables = {
    APP_ID: String(app.appId),
    PRIVATE_KEY_PATH: key,
    ...(app.webhookSecret === null ? {} : { WEBHOOK_SECRET: app.webhookSecret }),
    NOFX_PUBLIC_URL: publicUrl,
  };
  await writePrivately(key, app.privateKey);
  const file = await real(places.envFile);
  const before = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  await writePrivately(file, withVariables(before, variables));
  return variables;
}

/** Whole or not at all, and never readable by others, not even for a moment. */
async function writePrivately(path: string, text: string): Promise<void> {
  const partial = `${path}.${process.pid}.new`;
  try {
    await writeFile(partial, text, { mode: 0o600, flag: 'wx', flush: true });
    // A mask of the process could have taken bits away that we need.
    await chmod(partial, 0o600);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Where a link leads, so that what it points at is written and the link stays. */
function real(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
