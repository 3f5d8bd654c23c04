import { code } from './markdown.ts';
import { checkPath, withoutProtecting } from './paths.ts';
import type { Failure } from './run.ts';
import { REPO_CONFIG_PATH } from './repo-config.ts';
import type { RunConfig } from './run-config.ts';

export type ChangedFile = {
  path: string;
  previousPath?: string;
  /** added and removed; 0 where git shows no text */
  lines: number;
};

/** How many paths a message names. */
const NAMED = 10;

/** Why a change may not be handed in, with the configuration that would allow it; null when it may. Pure. */
export function checkGuardrails(
  files: readonly ChangedFile[],
  config: Pick<RunConfig, 'protectedPaths' | 'maxDiff'>,
): Failure | null {
  return blockedPaths(files, config) ?? tooLarge(files, config);
}

function blockedPaths(
  files: readonly ChangedFile[],
  { protectedPaths }: Pick<RunConfig, 'protectedPaths'>,
): Failure | null {
  const paths = files.flatMap(({ path, previousPath }) => (previousPath === undefined ? [path] : [path, previousPath]));
  const blocked = paths.flatMap((path) => {
    const checked = checkPath(path, { protected: protectedPaths });
    return checked.ok ? [] : [{ path, ...checked }];
  });
  if (blocked.length === 0) return null;
  const named = blocked.slice(0, NAMED).map(({ path, reason }) => `${code(path, 300)} (${reason})`);
  const more = blocked.length > NAMED ? ` and ${blocked.length - NAMED} more` : '';
  const allowing = blocked.every(({ problem }) => problem === 'protected')
    ? withoutProtecting(
        protectedPaths,
        blocked.map(({ path }) => path),
      )
    : null;
  return {
    kind: 'policy',
    message: `The change touches what NOFX may not write: ${named.join(', ')}${more}. Nothing was pushed.`,
    next:
      'Make that part by hand, or ask again for the rest of it.' +
      (allowing === null ? '' : allowed(yamlList('protected_paths', allowing))),
  };
}

function tooLarge(files: readonly ChangedFile[], { maxDiff }: Pick<RunConfig, 'maxDiff'>): Failure | null {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const over = [
    ...(maxDiff.files !== null && files.length > maxDiff.files
      ? [{ key: 'files', is: files.length, most: maxDiff.files }]
      : []),
    ...(maxDiff.lines !== null && lines > maxDiff.lines ? [{ key: 'lines', is: lines, most: maxDiff.lines }] : []),
  ];
  if (over.length === 0) return null;
  const said = over.map(({ key, is, most }) => `${count(is)} ${key} (at most ${count(most)})`);
  const wanted = over.map(({ key, is }) => `  ${key}: ${is}`);
  return {
    kind: 'policy',
    message: `The change is larger than this repository takes at once: ${said.join(' and ')}. Nothing was pushed.`,
    next: `Ask for a part of it.${allowed(['max_diff:', ...wanted].join('\n'))}`,
  };
}

function allowed(yaml: string): string {
  return ` To allow it, change \`${REPO_CONFIG_PATH}\` on the default branch:\n\n\`\`\`yaml\n${yaml}\n\`\`\``;
}

function yamlList(key: string, entries: readonly string[]): string {
  if (entries.length === 0) return `${key}: []`;
  return [`${key}:`, ...entries.map((entry) => `  - ${JSON.stringify(entry)}`)].join('\n');
}

const count = (value: number) => value.toLocaleString('en-US');
