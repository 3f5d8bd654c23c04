import { createRedactor } from './domain/redact.ts';

export type SecretKeeper = {
  /** Takes every known secret, and whatever looks like one, out of a text. */
  redact(text: string): string;
  /** Adds a secret that came up while running. */
  remember(secret: string): void;
};

/** Installation tokens live for an hour; this many of the newest are remembered. */
const LIVE_TOKENS = 200;

/** Knows the secrets this process holds, so that none of them is ever written down. */
export function createSecretKeeper(fixed: readonly string[]): SecretKeeper {
  const live: string[] = [];
  const redact = createRedactor(() => [...fixed, ...live]);
  return {
    redact,
    remember(secret) {
      if (live.includes(secret)) return;
      live.push(secret);
      if (live.length > LIVE_TOKENS) live.shift();
    },
  };
}
