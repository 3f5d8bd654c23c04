import { detectCommands, READ_FOR_DETECTION } from '../domain/detect.ts';
import type { RunConfig } from '../domain/source.ts';
import type { BaseFiles } from '../workspace/port.ts';

const CONVENTIONS = ['AGENTS.md', 'CLAUDE.md', 'CONTRIBUTING.md'];
const CONVENTIONS_LIMIT_BYTES = 20_000;
const DETECTION_LIMIT_BYTES = 512 * 1024;

const SETUP_MINUTES = 10;
const TEST_MINUTES = 20;

type TimedCommand = { command: string; timeMs: number };

export type GateCommands = {
  /** null: no test command was found */
  test: TimedCommand | null;
  /** null: nothing to set up */
  setup: (TimedCommand & { domains: string[] }) | null;
};

/**
 * How the repository is set up and tested: as its configuration says, else as its files tell. Both as
 * they are on the base branch, so that no change can choose its own judge.
 */
export async function chooseCommands(
  config: RunConfig,
  base: BaseFiles,
  npmHosts: readonly string[] | undefined,
): Promise<GateCommands> {
  const detected = detectCommands(
    { names: base.names, texts: await textsOf(base, READ_FOR_DETECTION, DETECTION_LIMIT_BYTES) },
    { installScripts: config.setup?.allowScripts ?? false, npmHosts },
  );
  const test = config.test ?? (detected.test === null ? null : { command: detected.test });
  const setup = config.setup
    ? { ...config.setup, domains: [...new Set([...detected.domains, ...config.setup.domains])] }
    : detected.setup === null
      ? null
      : { command: detected.setup, domains: detected.domains };
  return {
    test: test && { command: test.command, timeMs: minutes(config.test?.timeoutMinutes ?? TEST_MINUTES) },
    setup: setup && {
      command: setup.command,
      domains: setup.domains,
      timeMs: minutes(config.setup?.timeoutMinutes ?? SETUP_MINUTES),
    },
  };
}

/** The repository's own conventions files, as data for the model: they say how code is written there and grant nothing. */
export async function readConventions(base: BaseFiles): Promise<{ path: string; text: string }[]> {
  const texts = await textsOf(base, CONVENTIONS, CONVENTIONS_LIMIT_BYTES);
  return Object.entries(texts).map(([path, text]) => ({ path, text }));
}

async function textsOf(base: BaseFiles, names: readonly string[], limitBytes: number): Promise<Record<string, string>> {
  const read = names
    .filter((name) => base.names.includes(name))
    .map(async (name) => [name, await base.text(name, limitBytes)] as const);
  const found = (await Promise.all(read)).flatMap(([name, text]) => (text === null ? [] : [[name, text] as const]));
  return Object.fromEntries(found);
}

const minutes = (count: number) => count * 60_000;
