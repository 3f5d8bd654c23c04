import { createHmac } from 'node:crypto';
import { derivedKey } from './derived-key.ts';
import { sameSecret } from './same-secret.ts';

export type RunLinks = ReturnType<typeof createRunLinks>;

/**
 * Links that open one run, to be read, for whoever has them: they stand where only those come who may read its repository.
 * What opens it is a signature of the run's id; it looks like a key of ours, so that the log never has one.
 */
export function createRunLinks({ secret, publicUrl }: { secret: string; publicUrl: string | null }) {
  const key = derivedKey([secret], 'run link');
  const signed = (runId: string) => `nofx_link_${createHmac('sha256', key).update(runId).digest('base64url')}`;
  return {
    /** null where nobody has said what this server's address is */
    urlOf: (runId: string): string | null => publicUrl && `${publicUrl}/ui/runs/${runId}?key=${signed(runId)}`,
    opens: (runId: string, given: string): boolean => sameSecret(given, signed(runId)),
  };
}
