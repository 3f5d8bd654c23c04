import { expect, it } from 'vitest';
import { checkWish } from '../../src/domain/app-manifest.ts';

const check = (address: string, organization = '', loopback = false) =>
  checkWish({ address, organization }, { loopback });

it.each([
  ['https://nofx.example.com', 'https://nofx.example.com'],
  [' https://nofx.example.com/ ', 'https://nofx.example.com'],
  ['https://example.com:8443/nofx//', 'https://example.com:8443/nofx'],
  ['http://nofx.internal', 'http://nofx.internal'],
])('takes %j', (address, publicUrl) => {
  expect(check(address, ' acme ')).toEqual({ ok: true, organization: 'acme', publicUrl });
});

it.each([
  '',
  'nofx.example.com',
  'ftp://x.y',
  'https://a:b@c.d',
  'https://a.b/?c',
  'http://localhost:3002',
  'http://127.0.0.1',
  'http://[::1]:1',
])('does not take %j', (address) => {
  expect(check(address)).toEqual({ ok: false, mistakes: { address: expect.any(String) as string } });
});

it('names every mistake at once, and takes this machine where GitHub is on it', () => {
  expect(check('x', 'a/b')).toMatchObject({
    mistakes: { address: expect.any(String), organization: expect.any(String) },
  });
  expect(check('http://127.0.0.1:1', '', true)).toEqual({
    ok: true,
    organization: null,
    publicUrl: 'http://127.0.0.1:1',
  });
});
