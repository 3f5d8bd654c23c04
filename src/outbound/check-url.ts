import { isIP } from 'node:net';
import { mayReach, type Reach } from './addresses.ts';
import type { UrlCheck } from './port.ts';

const LONGEST = 2_000;

/** Names that never lead out of a network: RFC 6761, RFC 6762, and ICANN's reserved `.internal`. */
const LOCAL_NAME = /(^|\.)(localhost|local|internal|localdomain|home\.arpa)$/;

/**
 * What can be told of a URL without resolving its host; what the host resolves to is judged at each dial.
 * The URL parser has already undone the ways to disguise a host: decimal, octal, hex and short IPv4,
 * percent-encoding, wide characters, a dot at the end of an address.
 */
export function checkUrl(text: string, reach: Reach): UrlCheck {
  if (text.length > LONGEST) return no(`it is longer than ${LONGEST} characters`);
  const url = URL.parse(text);
  if (url === null) return no('it is not a URL');
  if (url.protocol !== 'https:' && !(reach === 'loopback' && url.protocol === 'http:'))
    return no('it must begin with https://');
  if (url.username !== '' || url.password !== '') return no('it may not carry a user name or password');
  const mistake = hostMistake(url, reach);
  if (mistake !== null) return no(mistake);
  url.hash = '';
  return { ok: true, url: url.href };
}

/** What is wrong with a URL's host and port, as far as that can be told without resolving the host. */
export function hostMistake(url: URL, reach: Reach): string | null {
  const host = hostOf(url);
  if (isIP(host) !== 0) {
    if (!mayReach(host, reach)) return 'its address is not a public one';
  } else if (reach === 'public') {
    const name = host.replace(/\.$/, '');
    if (!name.includes('.') || LOCAL_NAME.test(name)) return 'its host is a name of the local network';
  }
  if (reach === 'public' && !portAllowed(url.port)) return 'its port must be 443, or 1024 and above';
  return null;
}

/** A URL's host as it is resolved: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Below 1024 live services that take harm from a stranger's first lines: mail, printers, databases' neighbours. */
function portAllowed(port: string): boolean {
  return port === '' || port === '443' || Number(port) >= 1024;
}

function no(reason: string): UrlCheck {
  return { ok: false, reason };
}
