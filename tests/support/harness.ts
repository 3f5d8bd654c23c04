import { expect, vi } from 'vitest';
import { createLogger } from '../../src/log.ts';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { turn, type Script, type Turn } from '../../src/playground/model.ts';
import { startPlayground, type Playground, type PlaygroundOptions } from '../../src/playground/playground.ts';
import { logFields } from '../../src/telemetry/work.ts';
import { freshDatabaseOptions } from './database.ts';
import { openRepository, type Repository, type RepositoryOptions } from './harness-repository.ts';
import { createGitHubValidator } from './openapi.ts';

export { PASSING, type Repository, type RepositoryOptions } from './harness-repository.ts';

const validator = createGitHubValidator();

export type Harness = Playground & {
  /** A repository with the app on it, where the model works as its script says. */
  repository(options?: RepositoryOptions): Promise<Repository>;
  /** What the model does in a repository that the app is not on, by the name it goes by in the prompt. */
  teach(name: string, model: Script): void;
  /** Every line NOFX has logged. */
  log(): readonly string[];
  /** Ends NOFX; fails where a request did not fit GitHub's description, an error was logged or a promise to every user was broken. */
  stop(): Promise<void>;
};

/** Ends once something has come true: for tests that run beside others, where `expect.poll` does not know whose it is. */
export const until = (check: () => boolean | Promise<boolean>): Promise<void> =>
  vi.waitFor(
    async () => {
      if (!(await check())) throw new Error('It has not come true.');
    },
    { timeout: 150_000, interval: 50 },
  );

/** A model that calls these tools in one turn and then sums up. */
export function does(calls: [tool: string, input: Record<string, unknown>][], summary = 'Done as asked.'): Script {
  return ({ turn: step }: ScriptRequest): Turn => (step === 0 ? turn.tools(calls) : turn.text(summary));
}

/** A model that finds everything in place: the shortest run there is, for tests of what comes before it. */
export const changesNothing: Script = () => turn.text('It is all there.');

/** A model that writes one file: the least a pull request can be about. */
export const writesNotes = does([['write', { file_path: 'notes.md', content: 'Noted.\n' }]], 'Adds the notes.');

/**
 * NOFX, whole, on a GitHub of its own, driven as people would. Every request it sends is held against
 * GitHub's own description.
 */
export async function startHarness(
  options: { environment?: Record<string, string> } & Pick<
    PlaygroundOptions,
    'database' | 'liveEveryMs' | 'writeBudget'
  > = {},
): Promise<Harness> {
  const problems: string[] = [];
  const logged: string[] = [];
  const scripts: { match: RegExp; script: Script }[] = [];
  const repositories: Repository[] = [];
  let count = 0;
  const playground = await startPlayground({
    model: { script: scripts },
    github: { onExchange: (exchange) => problems.push(...validator.request(exchange)) },
    liveEveryMs: options.liveEveryMs,
    writeBudget: options.writeBudget,
    database: options.database ?? (await freshDatabaseOptions()),
    environment: { ...process.env, LOG_LEVEL: 'debug', NOFX_STEP_CONCURRENCY: '4', ...options.environment } as Record<
      string,
      string
    >,
    log: (secrets) =>
      createLogger({
        level: 'debug',
        redact: secrets.redact,
        fields: logFields,
        destination: { write: (line) => void logged.push(line) },
      }),
  });

  return new Proxy(playground as Harness, {
    get(target, key) {
      if (key === 'log') return () => logged;
      if (key === 'teach') {
        return (name: string, script: Script) => void scripts.push({ match: inPrompt(() => name), script });
      }
      if (key === 'repository') {
        return async ({ model = writesNotes, ...rest }: RepositoryOptions = {}) => {
          const repository = await openRepository(playground, rest, (count += 1));
          scripts.push({ match: inPrompt(() => repository.name), script: model });
          repositories.push(repository);
          return repository;
        };
      }
      if (key !== 'stop') return Reflect.get(target, key) as unknown;
      return async () => {
        try {
          for (const repository of repositories) await repository.keptItsPromises();
        } finally {
          await playground.stop();
        }
        expect(problems, 'requests that GitHub would not understand').toEqual([]);
        expect(
          logged.filter((line) => /"level":(50|60)/.test(line)),
          'errors in the log',
        ).toEqual([]);
      };
    },
  });
}

/** Finds a repository's name in the prompt, whatever it is called by then. */
function inPrompt(name: () => string): RegExp {
  return { test: (prompt: string) => prompt.includes(`of the repository ${name()}:`) } as RegExp;
}
