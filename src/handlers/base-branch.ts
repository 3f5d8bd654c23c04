import { detectCommands, READ_FOR_DETECTION, usesBerry } from '../domain/detect.ts';
import type { RegistryHosts } from '../domain/registries.ts';
import type { GateEnd } from '../domain/gate-failure.ts';
import { submodulesOf } from '../domain/kept-elsewhere.ts';
import { GATE_MINUTES, type GateConfig, type RunConfig } from '../domain/run-config.ts';
import type { BaseFiles } from '../workspace/port.ts';
import { accessOf } from './access.ts';
import type { StepContext } from './handler.ts';

const CONVENTIONS_LIMIT_BYTES = 20_000;
const DETECTION_LIMIT_BYTES = 512 * 1024;

type TimedCommand = { command: string; timeMs: number };

export type GateCommand = TimedCommand & {
  name: string;
  /** whether the set-up is run before it */
  setup: boolean;
};

export type GateCommands = {
  /** none: no test command was found */
  gates: GateCommand[];
  /** null: nothing to set up */
  setup: (TimedCommand & { domains: string[]; env: Record<string, string> }) | null;
};

/** npm and pnpm, and either yarn 1 or the later ones: none of them then runs a package's own scripts. */
const noScripts = (isBerry: boolean) => ({
  npm_config_ignore_scripts: 'true',
  ...(isBerry ? { YARN_ENABLE_SCRIPTS: 'false' } : { YARN_IGNORE_SCRIPTS: 'true' }),
});

/** The files that say how the run's work is written and checked: of a commit of people's, whatever the run starts from. */
export function readRules(context: Pick<StepContext, 'run' | 'project' | 'adapters' | 'signal'>): Promise<BaseFiles> {
  return context.adapters.workspaces.readBase(accessOf(context), context.run.rulesSha);
}

/**
 * How the repository is set up and tested: as its configuration says, else as its files tell. Both as
 * they are on the base branch, so that no change can choose its own judge.
 */
export async function chooseCommands(
  config: RunConfig,
  base: BaseFiles,
  registryHosts: RegistryHosts | undefined,
): Promise<GateCommands> {
  const listing = { names: base.names, texts: await textsOf(base, READ_FOR_DETECTION, DETECTION_LIMIT_BYTES) };
  const detected = detectCommands(listing, { installScripts: config.setup.allowScripts, registryHosts });
  const { domains, allowScripts, timeoutMinutes } = config.setup;
  const setup = config.setup.command ?? detected.setup;
  return {
    gates: (config.gates ?? gateOf(detected.test)).map(({ timeoutMinutes: limit, ...gate }) => ({
      ...gate,
      timeMs: minutes(limit),
    })),
    setup:
      setup === null
        ? null
        : {
            command: setup,
            domains: [...new Set([...detected.domains, ...domains])],
            timeMs: minutes(timeoutMinutes),
            env: allowScripts ? {} : noScripts(usesBerry(listing)),
          },
  };
}

function gateOf(test: string | null): GateConfig[] {
  return test === null ? [] : [{ name: 'test', command: test, timeoutMinutes: GATE_MINUTES, setup: true }];
}

/** The repository's own conventions files, as data for the model: they say how code is written there and grant nothing. */
export async function readConventions(
  { conventions }: RunConfig,
  base: BaseFiles,
): Promise<{ path: string; text: string }[]> {
  const texts = await textsOf(base, conventions, CONVENTIONS_LIMIT_BYTES);
  return Object.entries(texts).map(([path, text]) => ({ path, text }));
}

/** What the repository keeps elsewhere, and a checkout of it therefore lacks. */
export async function readAbsent(base: BaseFiles): Promise<GateEnd['absent']> {
  const [modules, attributes] = await Promise.all(
    ['.gitmodules', '.gitattributes'].map(async (path) => (await base.text(path, DETECTION_LIMIT_BYTES)) ?? ''),
  );
  return [
    ...(submodulesOf(modules!).length > 0 ? (['submodules'] as const) : []),
    ...(/\bfilter=lfs\b/.test(attributes!) ? (['Git LFS'] as const) : []),
  ];
}

async function textsOf(base: BaseFiles, names: readonly string[], limitBytes: number): Promise<Record<string, string>> {
  const read = names.map(async (name) => [name, await base.text(name, limitBytes)] as const);
  const found = (await Promise.all(read)).flatMap(([name, text]) => (text === null ? [] : [[name, text] as const]));
  return Object.fromEntries(found);
}

const minutes = (count: number) => count * 60_000;
