/** Where an address leads: its host with the port, and, where its path has just two parts, whose repository it is. */
export type PlaceOfUrl = { host: string; owner: string | null; name: string | null };

export function placeOf(address: string): PlaceOfUrl {
  const { host, pathname } = new URL(address);
  const parts = pathname
    .replace(/^\/|\/$/g, '')
    .replace(/\.git$/, '')
    .split('/');
  const [owner = null, name = null] = parts.length === 2 ? parts : [];
  return { host, owner, name };
}

/**
 * What is wrong with how the address of a repository is written; null where nothing is. Plain http is for stand-ins on this
 * machine. Where its host leads is another question (`outbound/route.ts`).
 */
export function repoUrlMistake(address: string, { allowHttp }: { allowHttp: boolean }): string | null {
  if (!URL.canParse(address)) return 'is malformed';
  const url = new URL(address);
  if (url.protocol !== 'https:' && !(allowHttp && url.protocol === 'http:')) return 'does not use https';
  if (url.username || url.password) return 'has a user or password in it';
  // Resolvers take it off, and then what was checked under the one name is not what the other is.
  if (url.hostname.endsWith('.')) return 'has a host that ends in a dot';
  if (url.search || url.hash) return 'has a query or fragment';
  return null;
}
