import { describe, expect, it } from 'vitest';
import { mayReach } from '../../src/outbound/addresses.ts';

describe('an address', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.255.255',
    '193.0.0.1',
    '2606:4700:4700::1111',
    '2a00:1450:4001::1',
  ])('is public: %s', (address) => expect(mayReach(address, 'public')).toBe(true));

  it.each([
    ['this host', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private 10/8', '10.0.0.1'],
    ['private 172.16/12', '172.31.255.255'],
    ['private 192.168/16', '192.168.1.1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['carrier-grade NAT, end', '100.127.255.255'],
    ['loopback', '127.0.0.1'],
    ['loopback, far end', '127.255.255.254'],
    ['link-local, cloud metadata', '169.254.169.254'],
    ['IETF protocol assignments', '192.0.0.8'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['6to4 relay', '192.88.99.1'],
    ['benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['IPv6 unspecified', '::'],
    ['IPv6 loopback', '::1'],
    ['v4-mapped loopback', '::ffff:127.0.0.1'],
    ['v4-mapped private, in hex', '::ffff:a00:1'],
    ['v4-mapped public', '::ffff:8.8.8.8'],
    ['v4-compatible', '::7f00:1'],
    ['v4-compatible public', '::808:808'],
    ['v4-translated', '::ffff:0:127.0.0.1'],
    ['NAT64 of loopback', '64:ff9b::127.0.0.1'],
    ['NAT64 of a private address', '64:ff9b::a00:1'],
    ['NAT64, local prefix', '64:ff9b:1::1'],
    ['6to4 of a private address', '2002:c0a8:101::1'],
    ['Teredo', '2001:0:4136:e378::1'],
    ['discard', '100::1'],
    ['unique local', 'fc00::1'],
    ['unique local', 'fd12:3456::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['IPv6 multicast', 'ff02::1'],
    ['IPv6 documentation', '2001:db8::1'],
    ['ORCHID', '2001:20::1'],
    ['outside global unicast', '4000::1'],
    ['AWS metadata over IPv6', 'fd00:ec2::254'],
    ['not an address', 'example.com'],
    ['nothing', ''],
  ])('is not public: %s (%s)', (_, address) => expect(mayReach(address, 'public')).toBe(false));

  it('is of this machine or not, where only this machine may be reached', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].map((address) => mayReach(address, 'loopback'))).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      ['8.8.8.8', '10.0.0.1', '0.0.0.0', '::ffff:127.0.0.1'].some((address) => mayReach(address, 'loopback')),
    ).toBe(false);
  });
});
