import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeWebStream } from 'node:stream/web';

type Options = {
  /** The bare repository. */
  dir: string;
  /** What follows `<repo>.git` in the URL: `/info/refs`, `/git-upload-pack`, `/git-receive-pack`. */
  pathInfo: string;
  remoteUser: string | null;
  /** Handed to the repository's hooks. */
  hookEnv: Record<string, string>;
  /** Runs when git is done, before the client hears the end: what it does is seen by whoever waits for the push. */
  finished(): Promise<void>;
};

let backend: string | undefined;

/** The program itself: `git http-backend` would only look for it. */
function backendPath(): string {
  backend ??= join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  return backend;
}

/**
 * Answers one request of git's smart HTTP through `git http-backend`, git's own CGI program. Both bodies
 * stream, so that size is no matter; gzip and protocol v2 are the program's business.
 * https://git-scm.com/docs/git-http-backend
 */
export async function httpBackend(request: Request, options: Options): Promise<Response> {
  const { dir, pathInfo, remoteUser, hookEnv } = options;
  const header = (name: string) => request.headers.get(name) ?? '';
  const child = spawn(backendPath(), [], {
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROJECT_ROOT: dir,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathInfo,
      PATH_TRANSLATED: `${dir}${pathInfo}`,
      REQUEST_METHOD: request.method,
      QUERY_STRING: new URL(request.url).search.slice(1),
      CONTENT_TYPE: header('content-type'),
      ...(header('content-length') ? { CONTENT_LENGTH: header('content-length') } : {}),
      ...(header('content-encoding') ? { HTTP_CONTENT_ENCODING: header('content-encoding') } : {}),
      ...(header('git-protocol') ? { GIT_PROTOCOL: header('git-protocol') } : {}),
      ...(remoteUser ? { REMOTE_USER: remoteUser } : {}),
      ...hookEnv,
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // The program may end before it has read everything (a refused push): that is no fault of ours.
  child.stdin.on('error', () => {});
  if (request.body)
    Readable.fromWeb(request.body as NodeWebStream)
      .on('error', () => child.kill())
      .pipe(child.stdin);
  else child.stdin.end();
  return await responseOf(child.stdout, options.finished);
}

/** CGI's answer: header lines, an empty line, then the body. */
async function responseOf(stdout: Readable, finished: Options['finished']): Promise<Response> {
  let head = Buffer.alloc(0);
  const chunks = stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let end = -1;
  while (end < 0) {
    const { value, done } = await chunks.next();
    if (done) return new Response('git http-backend gave no answer\n', { status: 500 });
    head = Buffer.concat([head, value]);
    end = head.indexOf('\r\n\r\n');
  }
  const headers = new Headers();
  for (const line of head.subarray(0, end).toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const status = Number(headers.get('status')?.slice(0, 3) ?? 200);
  headers.delete('status');
  const body = Readable.from(rest(head.subarray(end + 4), chunks, finished));
  return new Response(Readable.toWeb(body) as ReadableStream, { status, headers });
}

async function* rest(first: Buffer, chunks: AsyncIterator<Buffer>, finished: Options['finished']) {
  if (first.length > 0) yield first;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  await finished();
}
