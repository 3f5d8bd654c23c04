/** Addresses of the package registries that this server uses, as each tool reads them; without credentials. */
export type Registries = {
  npm?: string | undefined;
  pip?: string | undefined;
  pipExtra?: string | undefined;
  go?: string | undefined;
};

/** What a list of addresses is without names and passwords, and without what is no address (`direct` and `off` are Go's). */
export function withoutCredentials(addresses: string): string {
  return addresses.trim().replace(/[^\s,|]+/g, (each) => (/^(direct|off)$/.test(each) ? each : withoutUser(each)));
}

function withoutUser(address: string): string {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) return '';
  url.username = '';
  url.password = '';
  url.search = '';
  return url.href;
}

/** The variables by which the package managers know them. */
export function registryVariables({ npm, pip, pipExtra, go }: Registries): Record<string, string> {
  return {
    ...(npm && { npm_config_registry: npm, YARN_NPM_REGISTRY_SERVER: npm }),
    ...(pip && { PIP_INDEX_URL: pip }),
    ...(pipExtra && { PIP_EXTRA_INDEX_URL: pipExtra }),
    ...(go && { GOPROXY: go }),
  };
}

/** Hosts of them, for the set-up of each kind of repository; undefined where the public ones are used. */
export type RegistryHosts = { npm?: string[] | undefined; python?: string[] | undefined; go?: string[] | undefined };

export function registryHosts({ npm, pip, pipExtra, go }: Registries): RegistryHosts {
  return { npm: hostsOf(npm), python: hostsOf(pip, pipExtra), go: hostsOf(go) };
}

function hostsOf(...addresses: (string | undefined)[]): string[] | undefined {
  const hosts = addresses
    .flatMap((each) => each?.split(/[\s,|]+/) ?? [])
    .flatMap((each) => URL.parse(each)?.hostname ?? []);
  return hosts.length > 0 ? [...new Set(hosts)] : undefined;
}
