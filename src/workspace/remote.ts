import { isIP } from 'node:net';
import { repoUrlMistake } from '../domain/repo-url.ts';
import { RetryableError, UserError } from '../errors.ts';
import { withCredential } from './git-credentials.ts';
import type { GitConfig } from './git-env.ts';
import type { GitResult } from './git.ts';
import type { FindRoute } from '../outbound/port.ts';
import type { Place, RepositoryAccess } from './port.ts';

export type Remote = {
  /** For messages: `owner/name`. */
  name: string;
  /** Runs one git command with the address and a fresh credential. */
  run(command: (url: string, config: GitConfig) => Promise<GitResult>): Promise<GitResult>;
  /** What must not be shown of the commands run so far. */
  secrets(): string[];
};

/** Which addresses may be used, and where their hosts lead. */
export type Reach = { allowHttp: boolean; findRoute: FindRoute };

/** The repository's address as a remote. UserError for an address that NOFX may not use. */
export function remoteOf(access: RepositoryAccess, reach: Reach): Remote {
  const { name } = access.project;
  const url = checkAddress(access.project, reach);
  const used = new Set<string>();
  return {
    name,
    async run(command) {
      const credential = await access.credentials();
      if (credential) {
        used.add(credential.password);
        used.add(`${credential.username}:${credential.password}`);
      }
      const route = await routeTo(url, name, reach);
      return withCredential(credential, url.origin, (config) => command(url.href, [...route, ...config]));
    },
    secrets: () => [...used],
  };
}

/** UserError where git may not go to the project's address. A host that cannot be found now may be found later. */
export async function checkRemote(project: Place, reach: Reach): Promise<void> {
  const url = checkAddress(project, reach);
  await routeTo(url, project.name, reach).catch((error: unknown) => {
    if (!(error instanceof RetryableError)) throw error;
  });
}

/**
 * Has git dial the addresses that were checked, without asking a resolver again, and go nowhere else: a redirect is an answer
 * that it does not follow. Asked before each command, for hosts move.
 */
async function routeTo(url: URL, name: string, { findRoute }: Reach): Promise<GitConfig> {
  const route = await findRoute(url);
  if (!route.ok) {
    throw new UserError(
      `The address of ${name} may not be used. ${route.reason}`,
      `Give one that is open to the internet; or, where ${url.host} is of your own network, name it in NOFX_PRIVATE_HOSTS of the server.`,
      { kind: 'repository' },
    );
  }
  if (route.addresses === null) return [];
  const stay = ['http.followRedirects', 'false'] as const;
  // curl looks up no name that is an address already.
  const isAddress = url.hostname.startsWith('[') || isIP(url.hostname) !== 0;
  if (isAddress || route.addresses.length === 0) return [stay];
  const addresses = route.addresses.map((address) => (isIP(address) === 6 ? `[${address}]` : address));
  return [
    stay,
    [
      'http.curloptResolve',
      `${url.hostname}:${url.port || (url.protocol === 'http:' ? 80 : 443)}:${addresses.join(',')}`,
    ],
  ];
}

function checkAddress({ repoUrl: address, name }: Place, { allowHttp }: Reach): URL {
  const refuse = (why: string) =>
    new UserError(
      `The address of ${name} ${why}.`,
      'Use the https address of the repository, without user or password.',
    );
  if (address === null) throw refuse('is missing');
  const mistake = repoUrlMistake(address, { allowHttp });
  if (mistake !== null) throw refuse(mistake);
  return new URL(address);
}
