import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';
import { ApiProblem } from './problem.ts';

/** Wrong answers that one address may give at once, and how long it takes until it may give another one. */
const BURST = 10;
const EVERY_MS = 10_000;
/** Addresses that are remembered; the oldest are forgotten first. */
const MOST = 10_000;

export type Guesses = ReturnType<typeof createGuesses>;

/** Holds back who guesses passwords, per address and process. Behind a proxy all have one address, which only makes it stricter. */
export function createGuesses({ burst = BURST, everyMs = EVERY_MS } = {}) {
  const wrong = new Map<string, { count: number; at: number }>();

  const countOf = (address: string): number => {
    const { count, at } = wrong.get(address) ?? { count: 0, at: performance.now() };
    return Math.max(0, count - (performance.now() - at) / everyMs);
  };

  return {
    /** Throws where the address has guessed too often; to be asked before a password is looked at. */
    allow(c: Context): void {
      if (countOf(addressOf(c)) <= burst - 1) return;
      throw new ApiProblem('too_many', {
        detail: 'Too many wrong passwords came from your address.',
        next: 'Wait a minute, then try again.',
        headers: { 'Retry-After': '60' },
      });
    },
    /** Notes a wrong one. */
    note(c: Context): void {
      const address = addressOf(c);
      const count = countOf(address) + 1;
      wrong.delete(address);
      wrong.set(address, { count, at: performance.now() });
      if (wrong.size > MOST) wrong.delete(wrong.keys().next().value!);
    },
  };
}

/** What the connection says: headers about where it came from can be made up. */
export function addressOf(c: Context): string {
  return getConnInfo(c).remote.address ?? 'unknown';
}
