import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NPM_START } from '../tests/support/npm-start.ts';

/** A program of this folder in a process of its own, asked and answered one message at a time. */
export type Child<Question> = {
  /** What it said once it was ready. */
  ready: Record<string, unknown>;
  ask<Answer>(question: Question): Promise<Answer>;
  /** Asks it to end, and waits for that. */
  stop(): Promise<void>;
};

/** Starts `file` (beside this one) and hands it `settings`; resolves when it is ready. Rejects when it ends before. */
export async function startChild<Question>(file: string, settings: unknown): Promise<Child<Question>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    serialization: 'advanced',
    execArgv: NPM_START.flags,
    env: { ...process.env, ...NPM_START.env },
    // Its log is written, as in production, and not read.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${file} ended with ${String(code)}`)));
  gone.catch(() => {});
  const nextMessage = async () => (await Promise.race([once(child, 'message'), gone]))[0] as unknown;

  child.send(settings as object);
  const ready = (await nextMessage()) as Record<string, unknown>;
  let asking: Promise<unknown> = Promise.resolve();
  return {
    ready,
    ask<Answer>(question: Question) {
      const answer = asking.then(() => {
        const answered = nextMessage();
        child.send(question as object);
        return answered;
      });
      asking = answer.catch(() => {});
      return answer as Promise<Answer>;
    },
    async stop() {
      await asking;
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** The child's side: takes the settings, says it is ready, answers until the parent goes. */
export async function serveParent<Settings, Question>(
  start: (settings: Settings) => Promise<{
    ready: object;
    answer(question: Question): Promise<unknown>;
    stop(): Promise<void>;
  }>,
): Promise<void> {
  const [settings] = (await once(process, 'message')) as [Settings];
  const { ready, answer, stop } = await start(settings);
  process.on('message', (question) => {
    void answer(question as Question).then((answered) => process.send?.(answered));
  });
  process.once('disconnect', () => {
    void stop().finally(() => process.exit());
  });
  process.send?.(ready);
}
