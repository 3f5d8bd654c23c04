import { repoUrlMistake } from '../domain/repo-url.ts';
import { UserError } from '../errors.ts';
import { withCredential } from './git-credentials.ts';
import type { GitConfig } from './git-env.ts';
import type { GitResult } from './git.ts';
import type { RepositoryAccess } from './port.ts';

export type Remote = {
  /** For messages: `owner/name`. */
  name: string;
  /** Runs one git command with the address and a fresh credential. */
  run(command: (url: string, config: GitConfig) => Promise<GitResult>): Promise<GitResult>;
  /** What must not be shown of the commands run so far. */
  secrets(): string[];
};

/** The repository's address as a remote. UserError for an address that NOFX may not use. */
export function remoteOf(access: RepositoryAccess, allowHttp: boolean): Remote {
  const { name } = access.project;
  const url = checkAddress(access.project.repoUrl, name, allowHttp);
  const used = new Set<string>();
  return {
    name,
    async run(command) {
      const credential = await access.credentials();
      if (credential) {
        used.add(credential.password);
        used.add(`${credential.username}:${credential.password}`);
      }
      return withCredential(credential, url.origin, (config) => command(url.href, config));
    },
    secrets: () => [...used],
  };
}

function checkAddress(address: string | null, name: string, allowHttp: boolean): URL {
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
