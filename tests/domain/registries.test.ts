import { expect, it } from 'vitest';
import { detectCommands } from '../../src/domain/detect.ts';
import { registryHosts, registryVariables, withoutCredentials } from '../../src/domain/registries.ts';

it.each([
  ['https://me:secret@pypi.example.com/simple', 'https://pypi.example.com/simple'],
  [
    'https://token@a.example.com/x?token=secret https://b.example.com/y',
    'https://a.example.com/x https://b.example.com/y',
  ],
  [
    'https://me:secret@go.example.com|https://proxy.golang.org,direct',
    'https://go.example.com/|https://proxy.golang.org/,direct',
  ],
  ['me:secret@nowhere', ''],
  ['file:///root/.secret/index', ''],
])('%s goes to commands of repositories without what is secret', (given, told) => {
  expect(withoutCredentials(given)).toBe(told);
});

it('set-up may reach the registries the server uses, in place of the public ones', () => {
  const registries = { pip: 'https://pypi.example.com/simple', go: 'https://go.example.com/,direct' };
  expect(registryVariables(registries)).toEqual({ PIP_INDEX_URL: registries.pip, GOPROXY: registries.go });
  const options = { registryHosts: registryHosts(registries) };
  expect(options.registryHosts).toEqual({ npm: undefined, python: ['pypi.example.com'], go: ['go.example.com'] });
  const python = { names: ['pytest.ini', 'requirements.txt'], texts: {} };
  expect(detectCommands(python, options).domains).toEqual(['pypi.example.com', 'files.pythonhosted.org']);
  expect(detectCommands(python).domains).toEqual(['pypi.org', 'files.pythonhosted.org']);
  const go = { names: ['go.mod', 'go.sum'], texts: {} };
  expect(detectCommands(go, options).domains).toEqual(['go.example.com', 'sum.golang.org']);
});
