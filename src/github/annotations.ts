import type { Annotation } from '../domain/annotations/annotations.ts';
import { firstBytes } from '../domain/text.ts';
import type { Client } from './client.ts';
import { hasStatus } from './errors.ts';

/** https://docs.github.com/en/rest/checks/runs#create-a-check-run (`output.annotations`) */
const PER_REQUEST = 50;
const MESSAGE_BYTES = 64 * 1024;
const TITLE_CHARACTERS = 255;

/** The annotations of one request after another; the first is there also where there are none. */
export function batches({ annotations = [] }: { annotations?: Annotation[] }): Annotation[][] {
  const count = Math.max(1, Math.ceil(annotations.length / PER_REQUEST));
  return Array.from({ length: count }, (_, at) => annotations.slice(at * PER_REQUEST, (at + 1) * PER_REQUEST));
}

/** GitHub adds what an update brings, and takes nothing away: only what the check run does not have yet may be sent. */
export async function missingAnnotations(
  { octokit, at }: Client,
  checkRunId: number,
  wanted: Annotation[],
): Promise<Annotation[]> {
  if (wanted.length === 0) return [];
  try {
    const there = await octokit.paginate('GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', {
      ...at,
      check_run_id: checkRunId,
      per_page: 100,
    });
    const left = there.map((one) => key({ path: one.path, line: one.start_line, title: one.title ?? '' }));
    return wanted.filter((one) => {
      const found = left.indexOf(key(one));
      if (found !== -1) left.splice(found, 1);
      return found === -1;
    });
  } catch (error) {
    // The check run is gone: a new one will have none.
    if (hasStatus(error, 404)) return wanted;
    throw error;
  }
}

/** Without the message, which GitHub may show in another form. */
function key({ path, line, title = '' }: Pick<Annotation, 'path' | 'line' | 'title'>): string {
  return JSON.stringify([path, line, title]);
}

export function annotationShape({ path, line, level, title, message }: Annotation) {
  return {
    path,
    start_line: line,
    end_line: line,
    annotation_level: level,
    message: firstBytes(message, MESSAGE_BYTES),
    ...(title === undefined ? {} : { title: title.slice(0, TITLE_CHARACTERS) }),
  };
}
