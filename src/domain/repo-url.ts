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
 * Hosts that are this machine itself, or answer whoever is on it with its secrets. `URL` has written every form of an IP address
 * in one way by then. Other private networks are open: that is where a GitLab of one's own is.
 */
const OWN =
  /^(?:(?:.*\.)?localhost|metadata\.google\.internal|(?:0|127|169\.254)\..*|\[(?:::1?|::ffff:.*|fe[89ab].:.*|fd00:ec2::254)\])\.?$/i;

/**
 * What is wrong with the address of a repository; null where NOFX may use it. Plain http, and this machine, are for stand-ins
 * on it.
 */
export function repoUrlMistake(address: string, { allowHttp }: { allowHttp: boolean }): string | null {
  if (!URL.canParse(address)) return 'is malformed';
  const url = new URL(address);
  if (url.protocol !== 'https:' && !(allowHttp && url.protocol === 'http:')) return 'does not use https';
  if (url.username || url.password) return 'has a user or password in it';
  if (url.search || url.hash) return 'has a query or fragment';
  if (!allowHttp && OWN.test(url.hostname)) return 'leads to the server itself';
  return null;
}
