import type { ApplicationFunction } from 'probot';
import { converse, type ConversationOptions } from './conversation/converse.ts';
import type { WelcomeKind } from './domain/welcome.ts';
import { installedOn, KNOWN_EVENTS, toDomainEvent } from './github/index.ts';
import type { Deps } from './runs/deps.ts';
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
    const { welcome: kind, label } = options;
    if (kind !== 'off') {
      probot.on(['installation.created', 'installation_repositories.added'], async ({ id, payload }) => {
        await options.onOutcome(id, await welcome(deps, installedOn(payload), { kind, label }));
      });
    }
    probot.on(KNOWN_EVENTS as WebhookName[], async ({ id, name, payload }) => {
      const event = toDomainEvent({ id, name, payload });
      await options.onOutcome(
        id,
        event.kind === 'ignored' ? `ignored: ${event.reason}` : await converse(deps, options, event),
      );
    });
  };
}
