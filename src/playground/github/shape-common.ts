import type { World } from './world.ts';

/** GitHub's timestamps have whole seconds. */
export const iso = (date: Date): string => date.toISOString().replace(/\.\d{3}Z$/, 'Z');
export const isoOrNull = (date: Date | null): string | null => (date ? iso(date) : null);

/** An opaque id like GitHub's: a prefix for the kind, then base64. */
export const nodeId = (kind: string, id: number | string): string =>
  `${kind}_${Buffer.from(`${kind}:${id}`).toString('base64url')}`;

export const apiUrl = (world: World, path: string): string => `${world.origin}/api/v3${path}`;
export const htmlUrl = (world: World, path: string): string => `${world.origin}${path}`;
