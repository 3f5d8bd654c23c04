import { readFile } from 'node:fs/promises';
import { SANDBOX_HOME } from './sandbox-bwrap.ts';

/** Who a command is, inside. */
const ID = 1000;

const NOBODY = 65_534;

/** Tests that start a server look for it by this name; no other one is known inside. */
const HOSTS = '127.0.0.1 localhost nofx\n::1 localhost nofx\n';

/**
 * Files of /etc that a command gets in place of the machine's: whoever asks who it is, and where its home is, hears of nobody of
 * this machine.
 */
export async function etcFiles(): Promise<Record<'hosts' | 'passwd' | 'group', string>> {
  const [passwd, group] = await Promise.all(['passwd', 'group'].map(othersOf));
  return {
    hosts: HOSTS,
    passwd: `${passwd}nofx:x:${ID}:${ID}::${SANDBOX_HOME}:/bin/sh\n`,
    group: `${group}nofx:x:${ID}:\n`,
  };
}

/** The system's own users and groups, which programs ask for by name; people's begin at 1000. */
async function othersOf(name: string): Promise<string> {
  const lines = (await readFile(`/etc/${name}`, 'utf8').catch(() => '')).split('\n');
  const kept = lines.filter((line) => {
    const [called = '', , id = ''] = line.split(':');
    return called !== 'nofx' && id !== '' && (Number(id) < ID || Number(id) === NOBODY);
  });
  return kept.map((line) => `${line}\n`).join('');
}
