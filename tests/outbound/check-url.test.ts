import { describe, expect, it } from 'vitest';
import { checkUrl } from '../../src/outbound/check-url.ts';

describe('the URL of an endpoint', () => {
  it.each([
    ['https://hooks.example.com/a?b=c', 'https://hooks.example.com/a?b=c'],
    ['https://HOOKS.example.com:443/#part', 'https://hooks.example.com/'],
    ['https://hooks.example.com:8443/', 'https://hooks.example.com:8443/'],
    ['https://8.8.8.8/', 'https://8.8.8.8/'],
    ['https://134744072/', 'https://8.8.8.8/'],
    ['https://[2606:4700::1111]/', 'https://[2606:4700::1111]/'],
  ])('may be %s', (url, canonical) => expect(checkUrl(url, 'public')).toEqual({ ok: true, url: canonical }));

  it.each([
    ['no URL', 'hooks.example.com'],
    ['plain HTTP', 'http://hooks.example.com/'],
    ['another scheme', 'ftp://hooks.example.com/'],
    ['a file', 'file:///etc/passwd'],
    ['a user', 'https://user@hooks.example.com/'],
    ['a password', 'https://:secret@hooks.example.com/'],
    ['a host disguised as a user', 'https://hooks.example.com@127.0.0.1/'],
    ['a port of another service', 'https://hooks.example.com:25/'],
    ['port 0', 'https://hooks.example.com:0/'],
    ['loopback', 'https://127.0.0.1/'],
    ['decimal loopback', 'https://2130706433/'],
    ['octal loopback', 'https://0177.0.0.1/'],
    ['hex loopback', 'https://0x7f.0.0.1/'],
    ['one hex number', 'https://0x7f000001/'],
    ['short loopback', 'https://127.1/'],
    ['zero', 'https://0/'],
    ['loopback with a dot at its end', 'https://127.0.0.1./'],
    ['percent-encoded loopback', 'https://%31%32%37.0.0.1/'],
    ['wide digits', 'https://１２７.０.０.１/'],
    ['circled digits', 'https://①②⑦.⓪.⓪.①/'],
    ['ideographic dots', 'https://127。0。0。1/'],
    ['metadata', 'https://169.254.169.254/latest/meta-data/'],
    ['IPv6 loopback', 'https://[::1]/'],
    ['v4-mapped loopback', 'https://[::ffff:127.0.0.1]/'],
    ['NAT64 loopback', 'https://[64:ff9b::127.0.0.1]/'],
    ['unique local', 'https://[fd00:ec2::254]/'],
    ['a name of this machine', 'https://localhost/'],
    ['the same with a dot', 'https://localhost./'],
    ['below it', 'https://app.localhost/'],
    ['a bare name', 'https://metadata/'],
    ['a bare name with a dot', 'https://metadata./'],
    ['cloud metadata by name', 'https://metadata.google.internal/'],
    ['multicast DNS', 'https://printer.local/'],
    ['too long', `https://hooks.example.com/${'a'.repeat(2_000)}`],
  ])('may not be %s: %s', (_, url) => expect(checkUrl(url, 'public')).toMatchObject({ ok: false }));

  it('is of this machine, any port, also plain HTTP, where only this machine may be reached', () => {
    expect(checkUrl('http://127.0.0.1:99/x', 'loopback')).toEqual({ ok: true, url: 'http://127.0.0.1:99/x' });
    expect(checkUrl('http://10.0.0.1/', 'loopback')).toMatchObject({ ok: false });
    expect(checkUrl('ftp://127.0.0.1/', 'loopback')).toMatchObject({ ok: false });
  });
});
