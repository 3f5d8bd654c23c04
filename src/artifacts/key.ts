import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';

/** Longest file name that common file systems take, in bytes, less room for a temporary suffix. */
const MAX_COMPONENT = 200;
/** S3, and with it Supabase, takes keys of up to 1,024 bytes; Supabase puts its tenant and bucket before ours. */
const MAX_KEY = 800;
/** Longest path that Linux takes: nothing a repository holds is longer. */
const MAX_PATH = 4096;

/**
 * The key an artifact is stored under: one that any file system and Supabase Storage take, different for different
 * paths. Bytes outside `A-Za-z0-9._-` become `=HH`; what is too long keeps its beginning and ends in a hash (`=h…`,
 * which no escape looks like). Supabase takes `=` but neither `%`, `~` nor anything beyond ASCII:
 * https://github.com/supabase/storage/issues/133
 *
 * UserError for a path that is absolute, empty in a part, no Unicode, or climbs: also in disguise (`..%2f`, `%252e`).
 */
export function keyOf(path: string): string {
  const reason = whyNot(path);
  if (reason) {
    throw new UserError(
      `The artifact name ${JSON.stringify(path.slice(0, 200))} ${reason}.`,
      'Choose a name that is a plain relative path, such as src/slugify.ts.',
    );
  }
  const components = path.split('/').map(shorten);
  const key = components.join('/');
  if (key.length <= MAX_KEY) return key;

  const kept: string[] = [];
  for (const component of components) {
    if ([...kept, component].join('/').length > MAX_KEY / 2) break;
    kept.push(component);
  }
  return [...kept, `=h${sha256(path)}`].join('/');
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function whyNot(path: string): string | null {
  if (path === '') return 'is empty';
  if (path.length > MAX_PATH) return 'is too long';
  if (!path.isWellFormed()) return 'is not Unicode text';
  for (const reading of readings(path)) {
    if (reading.includes('\0')) return 'contains a NUL';
    if (/^([/\\]|[A-Za-z]:[/\\])/.test(reading)) return 'is absolute';
    if (reading.split(/[/\\]/).some((part) => part === '..' || part === '.')) return 'climbs out of its folder';
  }
  if (path.split('/').includes('')) return 'has an empty part';
  return null;
}

/** The path as it stands and as ever more eager readers would take it: percent-decoded once, twice, three times. */
function* readings(path: string): Generator<string> {
  let reading = path;
  for (let round = 0; round <= 3; round++) {
    yield reading;
    const decoded = reading.replace(/%([0-7][0-9a-f])/gi, (_escape, hex: string) =>
      String.fromCharCode(parseInt(hex, 16)),
    );
    if (decoded === reading) return;
    reading = decoded;
  }
}

function shorten(component: string): string {
  const encoded = encode(component);
  if (encoded.length <= MAX_COMPONENT) return encoded;
  const beginning = encoded.slice(0, MAX_COMPONENT - 70).replace(/=.?$/, '');
  return `${beginning}=h${sha256(component)}`;
}

function encode(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
