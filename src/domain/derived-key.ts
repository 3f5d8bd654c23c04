import { hkdfSync } from 'node:crypto';

/** A key of 32 bytes for one purpose, the same in every process that holds these secrets, and useless for any other purpose. */
export function derivedKey(secrets: readonly string[], purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', JSON.stringify(secrets), '', `nofx ${purpose}`, 32));
}
