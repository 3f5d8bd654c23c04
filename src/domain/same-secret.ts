import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two secrets are the same. Takes the same time whatever is wrong with the given one. */
export function sameSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
