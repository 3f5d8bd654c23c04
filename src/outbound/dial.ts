import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import type { buildConnector } from 'undici';
import { mayReach, type Reach } from './addresses.ts';

export type Address = { address: string; family: number };

/** Gives every address of a host name. */
export type Resolve = (host: string) => Promise<Address[]>;

export const resolveBySystem: Resolve = (host) => lookup(host, { all: true });

/** The host leads, or can lead, to where nothing may be sent. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/**
 * The addresses that `host` may be dialled at. All of what it resolves to must be in reach: one private
 * address among public ones is an attack or a mistake. Throws AddressRefused, or what the resolver throws.
 */
export async function allowedAddresses(host: string, reach: Reach, resolve: Resolve): Promise<Address[]> {
  const family = isIP(host);
  const addresses = family === 0 ? await resolve(host) : [{ address: host, family }];
  if (addresses.length === 0) throw new AddressRefused('The host has no address.');
  const refused = addresses.find(({ address }) => !mayReach(address, reach));
  if (refused) throw new AddressRefused(`The host's address ${refused.address} is not a ${reach} one.`);
  return addresses;
}

/**
 * Connects to exactly these addresses, without asking a resolver again: a name that answers differently
 * the second time (DNS rebinding) has no second time. TLS still verifies the host's name.
 */
export async function connectorTo(
  addresses: readonly Address[],
  options: { timeoutMs: number; ca?: string },
): Promise<buildConnector.connector> {
  const undici = await import('undici');
  const pinned: LookupFunction = (_host, { all }, callback) => {
    if (all) callback(null, [...addresses]);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };
  return undici.buildConnector({
    lookup: pinned,
    allowH2: false,
    timeout: options.timeoutMs,
    ...(options.ca ? { ca: options.ca } : {}),
  });
}
