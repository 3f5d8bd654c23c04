import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };

const START = 'src/start.js';
const words = manifest.scripts.start.split(' ');
const program = words.indexOf('node');

/** What package.json's `start` says. */
export const NPM_START = {
  /** For a shell, which npm gives it to, in whatever folder. */
  shell: [
    '-c',
    manifest.scripts.start.replace(START, `'${fileURLToPath(new URL(`../../${START}`, import.meta.url))}'`),
  ],
  /** For another program that is to be started like it: Node's flags, and what stands in the environment. */
  flags: words.slice(program + 1, words.indexOf(START)),
  env: parseEnv(words.slice(words.indexOf('env') + 1, program).join('\n')),
};
