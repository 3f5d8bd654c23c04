import { InternalError } from '../errors.ts';
import type { Git, GitPlace } from './git.ts';

/** Blobs by their names, all through one `cat-file --batch`: `<sha> blob <size>\n<bytes>\n` each. */
export async function readBlobs(
  git: Git,
  place: GitPlace,
  names: Iterable<string>,
  signal?: AbortSignal,
): Promise<Map<string, Buffer>> {
  const wanted = [...new Set(names)];
  const blobs = new Map<string, Buffer>();
  if (wanted.length === 0) return blobs;
  const stream = await git.output(['cat-file', '--batch'], { place, input: `${wanted.join('\n')}\n`, signal });
  let at = 0;
  for (const sha of wanted) {
    const end = stream.indexOf(0x0a, at);
    const [, type, digits] = stream.toString('latin1', at, end).split(' ');
    if (type !== 'blob') throw new InternalError(`git has no file ${sha}`);
    const size = Number(digits);
    blobs.set(sha, stream.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return blobs;
}
