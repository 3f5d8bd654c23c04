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
  const ask = async (key: string) => {
    const { stdout, exitCode } = await execa('npm', ['config', 'get', key], settings);
    return exitCode === 0 && stdout !== 'null' && stdout !== 'undefined' && stdout !== '' ? stdout.trim() : null;
  };
  const [registry, caFile] = await Promise.all([ask('registry'), ask('cafile')]);
  return { registry: registry === null ? null : withoutUser(registry), caFile };
}

function withoutUser(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}
