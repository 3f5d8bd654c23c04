import { describe, expect, it } from 'vitest';
import { placeOf, repoUrlMistake } from '../../src/domain/repo-url.ts';

const mistake = (address: string) => repoUrlMistake(address, { allowHttp: false });

describe('the address of a repository', () => {
  it('is an https one', () => expect(mistake('https://gitlab.example.com:8443/a/b/c.git')).toBeNull());

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
