import { spawn, execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type GitHttp = {
  /** `http://127.0.0.1:port` */
  origin: string;
  /** `METHOD path?query` of every request, oldest first. */
  requests: string[];
  /** bytes of request bodies, all together */
  received: number;
  /** Called before a request is answered; answering it (or waiting) is the way to make faults. */
  intercept: (request: IncomingMessage, response: ServerResponse) => Promise<boolean> | boolean;
  close(): Promise<void>;
};

/** Serves the bare repositories under `root` over smart HTTP through `git http-backend`, asking for Basic authentication. */
export async function serveGit(options: { root: string; username?: string; password?: string }): Promise<GitHttp> {
  const { root, username, password } = options;
  const wanted = username === undefined ? null : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const backend = `${execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim()}/git-http-backend`;
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    served.requests.push(`${request.method} ${request.url}`);
    if (await served.intercept(request, response)) return;
    if (wanted !== null && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('Authentication required');
      return;
    }
    const url = new URL(request.url ?? '/', 'http://x');
    const child = spawn(backend, [], {
      env: {
        PATH: process.env['PATH'],
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_COUNT: '2',
        GIT_CONFIG_KEY_0: 'http.receivepack',
        GIT_CONFIG_VALUE_0: 'true',
        GIT_CONFIG_KEY_1: 'safe.directory',
        GIT_CONFIG_VALUE_1: '*',
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'],
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
        GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
        REMOTE_USER: username ?? 'anyone',
        REMOTE_ADDR: '127.0.0.1',
      },
    });
    request.on('data', (chunk: Buffer) => (served.received += chunk.length));
    request.pipe(child.stdin);
    child.stdin.on('error', () => undefined);
    answer(child.stdout, response);
  }
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const served: GitHttp = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    received: 0,
    intercept: () => false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return served;
}

/** Turns CGI output (header lines, an empty line, the body) into an HTTP response. */
function answer(output: NodeJS.ReadableStream, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  let started = false;
  output.on('data', (chunk: Buffer) => {
    if (started) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    started = true;
    let status = 200;
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(/:\s*(.*)/s);
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(status);
    response.write(head.subarray(end + 4));
  });
  output.on('end', () => response.end());
}
