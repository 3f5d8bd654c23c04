import { RetryableError, UserError } from '../errors.ts';

/**
 * What a failed exchange with a remote means. The texts are git's own, in the C locale, and
 * GitHub's. Anything unknown is retried: it may be the network, and retries end.
 */
export function remoteError(
  stderr: string,
  about: { repository: string; ref?: string },
  secrets: string[] = [],
): Error {
  const said = redact(stderr, secrets).trim().slice(-2000);
  const cause = { cause: new Error(said) };
  const { repository, ref } = about;

  const workflow = /refusing to allow .*? to create or update workflow `([^`]+)` without `?workflows?`?/i.exec(said);
  if (workflow) {
    return new UserError(
      `GitHub refused the push: the app may not change the workflow \`${workflow[1]}\`.`,
      'Make that change by hand, or ask NOFX for the rest without it.',
      { ...cause, kind: 'permission' },
    );
  }
  if (
    /could not resolve host|connection (refused|reset|timed out)|failed to connect|timed out|early EOF|remote end hung up|unexpected disconnect|RPC failed|returned error: (5\d\d|429)|gnutls|ssl_/i.test(
      said,
    ) &&
    !/returned error: 4(01|03|04)/.test(said)
  ) {
    return new RetryableError(`The connection to ${repository} failed: ${lastLine(said)}`, cause);
  }
  const redirect = /returned error: 30[1278]\b/i.test(said);
  if (redirect) {
    return new UserError(
      `The address of ${repository} only leads on to another one, which NOFX does not follow.`,
      'Give the address that the place itself shows for cloning: GitLab’s ends in `.git`.',
      { ...cause, kind: 'repository' },
    );
  }
  if (
    /repository .*not found|not found$|returned error: (404|410)|does not appear to be a git repository/im.test(said)
  ) {
    return new UserError(
      `The repository ${repository} was not found.`,
      'Check that it still exists, and that the app is installed on it, or the token of the project may read it.',
      { ...cause, kind: 'repository' },
    );
  }
  if (/archived so it is read-only|was archived/i.test(said)) {
    return new UserError(
      `The repository ${repository} is archived: nothing can be pushed.`,
      'Unarchive it, then retry.',
      { ...cause, kind: 'repository' },
    );
  }
  if (
    /authentication failed|could not read (username|password)|returned error: (401|403)|permission to .* denied/i.test(
      said,
    )
  ) {
    return new UserError(
      `${repository} refused the credentials.`,
      'Check that the app is installed on the repository, or the token of the project is valid, and may read and write its contents.',
      { ...cause, kind: 'permission' },
    );
  }
  if (
    /stale info|fetch first|non-fast-forward|reference already exists|remote rejected\].*cannot lock ref/i.test(said)
  ) {
    return new UserError(
      `The branch \`${ref}\` was changed by someone else; nothing was overwritten.`,
      'Keep that work: rename or delete the branch, then retry.',
      { ...cause, kind: 'conflict' },
    );
  }
  if (/protected branch|GH006|GH013|push declined|pre-receive hook declined|\[remote rejected\]/i.test(said)) {
    return new UserError(
      `${repository} refused the push to \`${ref}\`: ${lastLine(said)}`,
      'Let the app push to `nofx/*` in the branch protection or the rule set, then retry.',
      { ...cause, kind: 'protected_branch' },
    );
  }
  if (/couldn't find remote ref|not our ref|no such remote ref|unadvertised object/i.test(said)) {
    return missingRef(repository, ref ?? '', cause);
  }
  if (/transport '.*' not allowed|unable to find remote helper|unsupported protocol/i.test(said)) {
    return new UserError(`The address of ${repository} is not one NOFX may use.`, 'Use an https address.', cause);
  }
  return new RetryableError(`git could not talk to ${repository}: ${lastLine(said)}`, cause);
}

export function missingRef(repository: string, ref: string, options: { cause?: unknown } = {}): UserError {
  return new UserError(
    `\`${ref}\` does not exist in ${repository}.`,
    'Check the name of the branch or commit, then retry.',
    { ...options, kind: 'repository' },
  );
}

export function emptyRepository(repository: string, options: { cause?: unknown } = {}): UserError {
  return new UserError(`${repository} is empty.`, 'Push a first commit to it, then retry.', {
    ...options,
    kind: 'repository',
  });
}

/** Takes out the live secrets, plain, URL-encoded and in base64 as Basic authentication sends them. */
export function redact(text: string, secrets: string[]): string {
  const forms = secrets
    .filter((secret) => secret.length >= 4)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    ])
    // The longest first: a shorter one inside it would leave its rest.
    .toSorted((a, b) => b.length - a.length);
  const clean = forms.reduce((rest, form) => rest.split(form).join('***'), text).replace(/\*\*\*=+/g, '***');
  return clean.replace(/(https?:\/\/)[^/@\s']+@/g, '$1***@');
}

/** The line that says why; git's own `fatal:` and `error:` before the server's chatter. */
function lastLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return (
    lines.find((line) => /rejected\]/.test(line)) ??
    lines.find((line) => /^(fatal|error):/.test(line)) ??
    lines.at(-1) ??
    'no message'
  );
}
