import ipaddr from 'ipaddr.js';

/** `public`: what anybody on the internet may reach. `loopback`: this machine only, for stand-ins and tests. */
export type Reach = 'public' | 'loopback';

/**
 * Global unicast (https://www.iana.org/assignments/ipv6-address-space). What lies outside is reserved,
 * local, or a way to write an IPv4 address.
 */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/**
 * True when an address (as a resolver or a URL gives it) may be dialled. Everything that
 * https://www.iana.org/assignments/iana-ipv4-special-registry and its IPv6 sister list is closed, and so is every
 * IPv6 form that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo), whichever address that is: a
 * public host has no need of one, and a translator on the way would turn it into a private one.
 */
export function mayReach(address: string, reach: Reach): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (reach === 'loopback') return range === 'loopback';
  return range === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST));
}
