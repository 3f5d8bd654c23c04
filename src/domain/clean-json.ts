import type { Redactor } from './redact.ts';

/**
 * JSON without secrets: its names and texts as they read, then the whole, where a name and its value make one
 * (`"authorization":"Bearer …"`), unless that would leave no JSON.
 */
export function cleanJson(value: unknown, redact: Redactor): string {
  const parts = JSON.stringify(value, (_key, part: unknown) => cleanPart(part, redact));
  const whole = redact(parts);
  try {
    JSON.parse(whole);
    return whole;
  } catch {
    return parts;
  }
}

function cleanPart(part: unknown, redact: Redactor): unknown {
  if (typeof part === 'string') return redact(part);
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [redact(name), value]));
}
