import { describe, expect, it } from 'vitest';
import { placeOf, repoUrlMistake } from '../../src/domain/repo-url.ts';

const mistake = (address: string) => repoUrlMistake(address, { allowHttp: false });

describe('the address of a repository', () => {
  it.each([
    'https://localhost/a/b',
    'https://LOCALHOST./a/b',
    'https://git.localhost/a/b',
    'https://127.0.0.1/a/b',
    'https://2130706433/a/b',
    'https://0x7f.1/a/b',
    'https://0.0.0.0/a/b',
    'https://169.254.169.254/latest/meta-data',
    'https://metadata.google.internal/a/b',
    'https://[::1]:8443/a/b',
    'https://[::]/a/b',
    'https://[::ffff:127.0.0.1]/a/b',
    'https://[fe80::1]/a/b',
    'https://[fd00:ec2::254]/a/b',
  ])('does not lead to the server itself, as %s does', (address) => {
    expect(mistake(address)).toBe('leads to the server itself');
  });

  it.each([
    'https://10.0.0.7/a/b.git',
    'https://gitlab.example.com:8443/a/b/c.git',
    'https://localhost.example.com/a/b',
  ])('may be %s', (address) => expect(mistake(address)).toBeNull());

  it.each(['ext::sh -c id', 'file:///etc', '-uhttps://a.example', 'ssh://git@a.example/b', 'git@a.example:b/c'])(
    'is never %s',
    (address) => expect(mistake(address)).toMatch(/malformed|does not use https/),
  );

  it('says whose it is where it has two parts', () => {
    expect(placeOf('https://github.com/acme/kit.git')).toEqual({ host: 'github.com', owner: 'acme', name: 'kit' });
    expect(placeOf('https://a.example:8443/acme/kit/')).toMatchObject({ host: 'a.example:8443', name: 'kit' });
    expect(placeOf('https://gitlab.com/a/b/c.git')).toMatchObject({ owner: null, name: null });
  });
});
