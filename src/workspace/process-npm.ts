import { execa } from 'execa';

/**
 * The registry and the extra authorities that npm is set to use on this machine, without any credential. Nulls where npm is
 * missing or has none. A set-up command in the sandbox has a HOME of its own and so wouldn't know.
 */
export async function readNpmSettings(options: {
  path: string;
  home: string;
}): Promise<{ registry: string | null; caFile: string | null }> {
  // Outside any project: a repository's own .npmrc says nothing about this machine.
  const settings = {
    env: { PATH: options.path, HOME: options.home },
    extendEnv: false,
    cwd: '/',
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
  } as const;
  // One process for both: npm takes a second to start. It answers `key=value`, a line each.
  const { stdout, exitCode } = await execa('npm', ['config', 'get', 'registry', 'cafile'], settings);
  const answer = (key: string) => {
    const line = exitCode === 0 ? stdout.split('\n').find((each) => each.startsWith(`${key}=`)) : undefined;
    const value = line?.slice(key.length + 1).trim();
    return value && value !== 'null' && value !== 'undefined' ? value : null;
  };
  const registry = answer('registry');
  return { registry: registry === null ? null : withoutUser(registry), caFile: answer('cafile') };
}

function withoutUser(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}
