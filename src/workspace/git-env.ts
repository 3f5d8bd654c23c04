/** What every git process of ours runs with: nothing from outside but PATH, and every lever that runs code switched off. */

export type GitNetwork = {
  /** Plain http is for stand-ins (GHE_PROTOCOL=http). */
  allowHttp: boolean;
  proxy?: string;
  noProxy?: string;
  /** PEM file of extra certificate authorities. */
  caFile?: string;
};

export type GitConfig = readonly (readonly [key: string, value: string])[];

/**
 * Configuration that a repository's own can't override: given by environment, it is git's
 * command scope. See git-config(1), GIT_CONFIG_COUNT.
 */
function hardened(network: GitNetwork): GitConfig {
  return [
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['core.attributesFile', '/dev/null'],
    ['core.excludesFile', '/dev/null'],
    ['core.autocrlf', 'false'],
    ['core.eol', 'lf'],
    ['core.safecrlf', 'false'],
    ['core.protectHFS', 'true'],
    ['core.protectNTFS', 'true'],
    ['core.untrackedCache', 'false'],
    // The helper list ends here: no helper of the machine is asked.
    ['credential.helper', ''],
    ['protocol.allow', 'never'],
    ['protocol.https.allow', 'always'],
    ['protocol.http.allow', network.allowHttp ? 'always' : 'never'],
    ['submodule.recurse', 'false'],
    ['fetch.recurseSubmodules', 'false'],
    ['push.recurseSubmodules', 'no'],
    ['diff.ignoreSubmodules', 'all'],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['commit.gpgSign', 'false'],
    ['push.gpgSign', 'false'],
    // A local repository may belong to another user than the server's; its path was checked by us.
    ['safe.directory', '*'],
    // Keep fetched packs as packs: exploding them into loose objects is slower, then and later.
    ['fetch.unpackLimit', '1'],
    // Ask the server which of our commits it has, instead of sending a whole tree because its branch moved on.
    ['push.negotiate', 'true'],
    // A remote from which nothing comes for five minutes is given up, by git itself: it may outlive whoever started it.
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '300'],
    // Both cores write the checkout.
    ['checkout.workers', '0'],
  ];
}

/** The whole environment of one git process. */
export function gitEnvironment(path: string, network: GitNetwork, extra: GitConfig = []): Record<string, string> {
  const config = [...hardened(network), ...extra];
  const env: Record<string, string> = {
    PATH: path,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_CONFIG_COUNT: String(config.length),
  };
  for (const [index, [key, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  if (network.proxy) env['https_proxy'] = network.proxy;
  if (network.noProxy) env['no_proxy'] = network.noProxy;
  if (network.caFile) env['GIT_SSL_CAINFO'] = network.caFile;
  return env;
}
