import type { Annotation } from '../domain/annotations/annotations.ts';
import { firstBytes } from '../domain/text.ts';
import { annotationShape, batches, missingAnnotations } from './annotations.ts';
import { once, type Client } from './client.ts';
import { hasStatus } from './errors.ts';
import { findOrCreate } from './find-or-create.ts';
import type { CheckRunInput } from './port.ts';

/** https://docs.github.com/en/rest/checks/runs#create-a-check-run (`output`); in bytes: https://github.com/github/docs/issues/35252 */
const OUTPUT_LIMIT = 65_535;
const TITLE_LIMIT = 255;

type CheckRun = { id: number; url: string };

/** Updates the check run with this external id on this commit, or makes it. */
export function upsertCheckRun(client: Client, check: CheckRunInput & { known?: number }): Promise<CheckRun> {
  return client.alone(`check ${check.headSha} ${check.externalId}`, async () => {
    if (check.known !== undefined) {
      const updated = await bringUpToDate(client, check.known, check);
      if (updated) return updated;
    }
    const { value, created } = await findOrCreate({
      find: () => find(client, check),
      create: () => create(client, check),
      settle: client.settle,
    });
    if (!created) return (await bringUpToDate(client, value.id, check)) ?? value;
    for (const batch of batches(check).slice(1)) await update(client, value.id, check, batch);
    return value;
  });
}

/** null when there is no such check run. */
async function bringUpToDate(client: Client, id: number, check: CheckRunInput): Promise<CheckRun | null> {
  const annotations = await missingAnnotations(client, id, check.annotations ?? []);
  let updated: CheckRun | null = null;
  for (const batch of batches({ annotations })) {
    updated = await update(client, id, check, batch);
    if (updated === null) return null;
  }
  return updated;
}

async function find({ octokit, at, slug }: Client, check: CheckRunInput): Promise<CheckRun | null> {
  const app = await slug();
  const pages = octokit.paginate.iterator('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
    ...at,
    ref: check.headSha,
    check_name: check.name,
    // `latest`, the default, hides all but the newest check run of a name.
    filter: 'all',
    per_page: 100,
  });
  for await (const page of pages) {
    const own = page.data.find((each) => each.external_id === check.externalId && each.app?.slug === app);
    if (own) return { id: Number(own.id), url: own.html_url ?? own.url };
  }
  return null;
}

async function create({ octokit, at, write }: Client, check: CheckRunInput): Promise<CheckRun> {
  const { data } = await write(() =>
    octokit.request('POST /repos/{owner}/{repo}/check-runs', {
      ...at,
      ...shape(check, batches(check)[0]!),
      name: check.name,
      head_sha: check.headSha,
      external_id: check.externalId,
      ...once,
    }),
  );
  return { id: Number(data.id), url: data.html_url ?? data.url };
}

/** null when there is no such check run. */
async function update(
  { octokit, at, write }: Client,
  id: number,
  check: CheckRunInput,
  annotations: Annotation[],
): Promise<CheckRun | null> {
  try {
    const { data } = await write(() =>
      octokit.request('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
        ...at,
        ...shape(check, annotations),
        check_run_id: id,
        // Sent again, they would be there twice.
        ...(annotations.length > 0 ? once : {}),
      }),
    );
    return { id: Number(data.id), url: data.html_url ?? data.url };
  } catch (error) {
    if (hasStatus(error, 404)) return null;
    throw error;
  }
}

function shape(check: CheckRunInput, annotations: Annotation[]) {
  return {
    details_url: check.detailsUrl,
    started_at: check.startedAt?.toISOString(),
    output: {
      title: firstBytes(check.output.title, TITLE_LIMIT),
      summary: capOutput(check.output.summary),
      ...(check.output.text === undefined ? {} : { text: capOutput(check.output.text) }),
      ...(annotations.length === 0 ? {} : { annotations: annotations.map(annotationShape) }),
    },
    ...(check.actions && { actions: check.actions }),
    ...(check.status === 'completed'
      ? { status: check.status, conclusion: check.conclusion, completed_at: check.completedAt.toISOString() }
      : { status: check.status }),
  };
}

/** The last net: domain/report.ts keeps to the limit by itself. */
export function capOutput(text: string): string {
  const note = '\n\n_Shortened: GitHub limits the length of this text._';
  return Buffer.byteLength(text) <= OUTPUT_LIMIT
    ? text
    : firstBytes(text, OUTPUT_LIMIT - Buffer.byteLength(note)) + note;
}
