import type { ApplicationFunction } from 'probot';
import { converse, type ConversationOptions } from './conversation/converse.ts';
import type { WelcomeKind } from './domain/welcome.ts';
import { UserError } from './errors.ts';
import { installedOn, KNOWN_EVENTS, toDomainEvent } from './github/index.ts';
import type { Deps } from './runs/deps.ts';
import { endInstallation, syncInstallation } from './runs/installed.ts';
import { welcome } from './runs/welcome.ts';

export type AppOptions = ConversationOptions & {
  /** what is said in a repository the app was just installed on */
  welcome: 'off' | WelcomeKind;
  /** told what came of each delivery, for its row */
  onOutcome: (deliveryId: string, outcome: string) => Promise<void>;
};

type WebhookName = Extract<Parameters<Parameters<ApplicationFunction>[0]['on']>[0], string>;

/** The Probot application: what happened on GitHub, in our words, is handed to the conversation. */
export function createApp(deps: Deps, options: AppOptions): ApplicationFunction {
  return (probot) => {
    probot.on([...INSTALLING], async ({ id, payload }) => options.onOutcome(id, await install(deps, options, payload)));
    probot.on(['installation.deleted', 'installation.suspend'], async ({ id, payload }) => {
      const { gone } = await endInstallation(deps, payload.installation.id);
      await options.onOutcome(id, `projects: ${gone} gone`);
    });
    probot.on(KNOWN_EVENTS as WebhookName[], async ({ id, name, payload }) => {
      const event = toDomainEvent({ id, name, payload });
      await options.onOutcome(
        id,
        event.kind === 'ignored' ? `ignored: ${event.reason}` : await converse(deps, options, event),
      );
    });
  };
}

const INSTALLING = [
  'installation.created',
  'installation.unsuspend',
  'installation_repositories.added',
  'installation_repositories.removed',
] as const;

/** Makes projects of what the app is on now, and says a word of welcome in what is new to it. */
async function install(deps: Deps, { welcome: kind, label }: AppOptions, payload: unknown): Promise<string> {
  const installed = installedOn(payload);
  if (installed === null) return 'ignored: not as GitHub describes it';
  try {
    const { here, gone } = await syncInstallation(deps, installed.installationId);
    const outcome = `projects: ${here} here, ${gone} gone`;
    if (kind === 'off' || installed.added.length === 0) return outcome;
    return `${outcome}; ${await welcome(deps, installed.added, { kind, label })}`;
  } catch (error) {
    // Deleted or suspended by now: that has an event of its own.
    if (error instanceof UserError) return `ignored: ${error.message}`;
    throw error;
  }
}
