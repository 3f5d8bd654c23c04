import { describe, expect, it } from 'vitest';
import { RetryableError } from '../../src/errors.ts';
import { createRoutes } from '../../src/outbound/route.ts';

const HOSTS: Record<string, string[]> = {
  'git.example.com': ['93.184.216.34', '2606:4700::1111'],
  'inside.example.com': ['10.0.0.7'],
  'both.example.com': ['93.184.216.34', '127.0.0.1'],
  'nowhere.example.com': [],
};
const route = (url: string, options: { vouchedFor?: string[]; hasProxy?: boolean } = {}) =>
  createRoutes({
    vouchedFor: [],
    ...options,
    resolve: async (host) => {
      const addresses = HOSTS[host];
      if (addresses === undefined) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    },
  })(new URL(url));

describe('the way to a repository', () => {
  it('is the public addresses of its host, each of them', async () => {
    expect(await route('https://git.example.com/a/b')).toEqual({ ok: true, addresses: HOSTS['git.example.com'] });
    expect(await route('https://8.8.8.8/a/b')).toEqual({ ok: true, addresses: ['8.8.8.8'] });
  });

  it.each([
    ['https://inside.example.com/a/b', "The host's address 10.0.0.7 is not a public one."],
    ['https://both.example.com/a/b', "The host's address 127.0.0.1 is not a public one."],
    ['https://nowhere.example.com/a/b', 'The host has no address.'],
    ['https://git.example.com:22/a/b', 'Its port must be 443, or 1024 and above.'],
    ['https://localhost/a/b', 'Its host is a name of the local network.'],
    ['https://git.localhost/a/b', 'Its host is a name of the local network.'],
    ['https://metadata.google.internal/a/b', 'Its host is a name of the local network.'],
    ['https://2130706433/a/b', 'Its address is not a public one.'],
    ['https://0x7f.1/a/b', 'Its address is not a public one.'],
    ['https://0.0.0.0/a/b', 'Its address is not a public one.'],
    ['https://169.254.169.254/a/b', 'Its address is not a public one.'],
    ['https://10.0.0.7/a/b', 'Its address is not a public one.'],
    ['https://[::1]:8443/a/b', 'Its address is not a public one.'],
    ['https://[::ffff:127.0.0.1]/a/b', 'Its address is not a public one.'],
    ['https://[fd00:ec2::254]/a/b', 'Its address is not a public one.'],
  ])('does not lead to %s', async (url, reason) => {
    expect(await route(url)).toEqual({ ok: false, reason });
    expect(await route(url, { hasProxy: true })).toEqual({ ok: false, reason });
  });

  it('is open to a host that the server vouches for, at the port that was named', async () => {
    const vouchedFor = ['Inside.example.com', '127.0.0.1:8443', '[::1]'];
    for (const url of ['https://inside.example.com:9/a', 'https://127.0.0.1:8443/a', 'https://[::1]:7/a'])
      expect(await route(url, { vouchedFor })).toEqual({ ok: true, addresses: null });
    expect(await route('https://127.0.0.1/a', { vouchedFor })).toMatchObject({ ok: false });
  });

  it('may be found later, or by the proxy alone', async () => {
    await expect(route('https://unknown.example.com/a/b')).rejects.toBeInstanceOf(RetryableError);
    expect(await route('https://unknown.example.com/a/b', { hasProxy: true })).toEqual({ ok: true, addresses: [] });
  });
});
