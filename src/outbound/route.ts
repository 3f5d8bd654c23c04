import { messageOf, RetryableError } from '../errors.ts';
import { hostMistake, hostOf } from './check-url.ts';
import { AddressRefused, allowedAddresses, resolveBySystem, type Resolve } from './dial.ts';
import type { FindRoute } from './port.ts';

/**
 * Says where git may go. A host that whoever runs the server vouches for (`host`, or `host:port`) is taken as it is; all others
 * must be public ones, by the rules for receivers of messages.
 */
export function createRoutes({
  vouchedFor,
  hasProxy = false,
  resolve = resolveBySystem,
}: {
  vouchedFor: readonly string[];
  /** Then the proxy finds hosts that this machine cannot. */
  hasProxy?: boolean;
  resolve?: Resolve;
}): FindRoute {
  const vouched = new Set(vouchedFor.map((host) => host.toLowerCase()));
  return async (url) => {
    if (vouched.has(url.host) || vouched.has(url.hostname)) return { ok: true, addresses: null };
    const mistake = hostMistake(url, 'public');
    if (mistake !== null) return { ok: false, reason: sentence(mistake) };
    try {
      const addresses = await allowedAddresses(hostOf(url), 'public', resolve);
      return { ok: true, addresses: addresses.map(({ address }) => address) };
    } catch (error) {
      if (error instanceof AddressRefused) return { ok: false, reason: error.message };
      if (hasProxy) return { ok: true, addresses: [] };
      throw new RetryableError(`The host ${url.hostname} cannot be found: ${messageOf(error)}`, { cause: error });
    }
  };
}

const sentence = (clause: string) => `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
