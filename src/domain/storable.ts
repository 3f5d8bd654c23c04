import { cleanJson } from './clean-json.ts';

/**
 * Text that Postgres keeps. It takes neither U+0000 nor halves of characters, as text or in JSON
 * (https://www.postgresql.org/docs/current/datatype-json.html), and both come: from people, from models and from programs.
 */

/** How JSON writes them, and characters that are written in two halves. */
const SUSPECT = /\\u(0000|d[89a-f])/i;

/** The text with U+FFFD, the sign for what cannot be shown, in place of what Postgres does not keep. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

/** A value as JSON, its texts and names as `storableText` has them. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  return SUSPECT.test(json) ? cleanJson(value, storableText) : json;
}

/** The same for JSON that is text already, and comes back as it is where nothing is wrong with it. */
export function storableBody(json: string): string {
  return SUSPECT.test(json) ? cleanJson(JSON.parse(json), storableText) : json;
}

/** Whether Postgres keeps this JSON as it is. What is no JSON at all is not for this to say. */
export function isStorable(json: string): boolean {
  if (json.includes('\0')) return false;
  if (!SUSPECT.test(json)) return true;
  try {
    const value: unknown = JSON.parse(json);
    return cleanJson(value, storableText) === JSON.stringify(value);
  } catch {
    return true;
  }
}
