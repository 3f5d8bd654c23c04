import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };

const words = manifest.scripts.start.split(' ');
const program = words.indexOf('node');
const flags = words.slice(program + 1, -1);

/** What package.json's `start` runs: `node` with `flags` and the file (`args` are both), and `env` beside the environment. */
export const NPM_START = {
  flags,
  args: [...flags, fileURLToPath(new URL(`../../${words.at(-1)}`, import.meta.url))] as const,
  env: Object.fromEntries(words.slice(words.indexOf('env') + 1, program).map((word) => word.split('='))) as Record<
    string,
    string
  >,
};
