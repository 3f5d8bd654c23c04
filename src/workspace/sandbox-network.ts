import { randomBytes } from 'node:crypto';
import type { SandboxManager } from '@anthropic-ai/sandbox-runtime';
import { registryVariables, type Registries } from '../domain/registries.ts';
import { RetryableError, UserError, messageOf } from '../errors.ts';
import { PROXY_SOCKET } from './sandbox-bwrap.ts';

/** The way out of one command's sandbox: a relay inside, a unix socket, and the filtering proxy of @anthropic-ai/sandbox-runtime outside. */
export type CommandNetwork = {
  env: Record<string, string>;
  /** More paths the command has to see. */
  readOnly: string[];
  /** Host path of the proxy's unix socket. */
  socket: string;
  /** Starts the relay to the proxy before the command. */
  wrap(command: string): string;
  close(): void;
};

/** Inside, where nothing else listens. */
const RELAY_PORT = 3128;

/** One proxy for the whole process (the library keeps one); what a command may reach is decided by the name and password it is given. */
let started: Promise<Manager> | undefined;
type Manager = typeof SandboxManager;

/** Opens the network to `domains` (`example.com` or `*.example.com`) for one command. Call `close` when it ended. */
export async function openNetwork(
  domains: string[],
  options: { caFile?: string; registries?: Registries },
): Promise<CommandNetwork> {
  const manager = await (started ??= start());
  const socket = manager.getLinuxHttpSocketPath();
  const token = manager.getProxyAuthToken();
  if (socket === undefined || token === undefined) throw new RetryableError('the filtering proxy is not running');
  // A multiple of three: base64 of it has nothing that a proxy's user would have to escape, which yarn 2 and later does not undo.
  const id = randomBytes(27).toString('base64url');
  manager.registerCommandNetworkLists(id, { allowedDomains: domains });
  // The form in which the library reads the command's id from the proxy's user name.
  const user = encodeURIComponent(`srt.${Buffer.from(id).toString('base64')}`);
  const proxy = `http://${user}:${token}@127.0.0.1:${RELAY_PORT}`;
  return {
    env: {
      ...proxyVariables(proxy),
      ...authorityVariables(options.caFile),
      ...registryVariables(options.registries ?? {}),
    },
    readOnly: options.caFile ? [options.caFile] : [],
    socket,
    wrap: withRelay,
    close: () => manager.unregisterCommandNetworkLists(id),
  };
}

/** Stops the proxy, so that the process can end. */
export async function closeNetworks(): Promise<void> {
  const running = started;
  started = undefined;
  await (await running)?.reset();
}

async function start(): Promise<Manager> {
  try {
    // Loaded when it is needed: most servers' runs may never ask for the network.
    const { SandboxManager: manager } = await import('@anthropic-ai/sandbox-runtime');
    await manager.initialize({
      // Nothing by default: each command brings its own list.
      network: { allowedDomains: [], deniedDomains: [] },
      // Ours is the file system's confinement; the library's is not used.
      filesystem: { denyRead: [], allowWrite: [], denyWrite: [] },
      // The library insists on ripgrep for a scan that only its own confinement makes: any program that exists will do.
      ripgrep: { command: process.execPath },
    });
    return manager;
  } catch (error) {
    started = undefined;
    throw new UserError(
      `The filtering proxy for set-up commands could not start: ${messageOf(error)}`,
      'Install socat, or configure a set-up that needs no network.',
      { cause: error },
    );
  }
}

function proxyVariables(proxy: string): Record<string, string> {
  const env: Record<string, string> = {
    NO_PROXY: 'localhost,127.0.0.1,::1',
    no_proxy: 'localhost,127.0.0.1,::1',
    NODE_USE_ENV_PROXY: '1',
  };
  // Yarn 2 and later looks for its own alone.
  const yarn = ['YARN_HTTP_PROXY', 'YARN_HTTPS_PROXY'];
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy', ...yarn])
    env[name] = proxy;
  return env;
}

/** Each tool has its own name for the same file. */
function authorityVariables(caFile: string | undefined): Record<string, string> {
  if (!caFile) return {};
  const names = [
    'NODE_EXTRA_CA_CERTS',
    'SSL_CERT_FILE',
    'CURL_CA_BUNDLE',
    'REQUESTS_CA_BUNDLE',
    'PIP_CERT',
    'GIT_SSL_CAINFO',
    'CARGO_HTTP_CAINFO',
    'npm_config_cafile',
  ];
  return Object.fromEntries(names.map((name) => [name, caFile]));
}

function withRelay(command: string): string {
  const relay = `TCP4-LISTEN:${RELAY_PORT},bind=127.0.0.1,fork,reuseaddr,backlog=64`;
  const quoted = `'${command.replaceAll("'", `'\\''`)}'`;
  return [
    `socat ${relay} UNIX-CONNECT:${PROXY_SOCKET} >/dev/null 2>&1 &`,
    // It takes a few milliseconds until the relay listens.
    `for i in 1 2 3 4 5 6 7 8 9 10; do socat -u /dev/null TCP4:127.0.0.1:${RELAY_PORT} 2>/dev/null && break; sleep 0.05; done`,
    `exec /bin/sh -c ${quoted}`,
  ].join('\n');
}
