import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { inspect } from 'node:util';
import { z } from 'zod';
import { PriceOverrides } from './domain/pricing.ts';
import { messageOf } from './errors.ts';

/** How single values of the environment are read, and how those that are secret are kept from being printed. */

export const hide = () => '[hidden]';
export const hidePassword = (text: string) =>
  text.replace(/(:\/\/[^:@/]*):[^/]*@/, '$1:[hidden]@').replace(/(password=)[^&]*/gi, '$1[hidden]');

/** Gives an object a way of printing itself, in JSON and on the console, in which its secrets are hidden. */
export function guard<T extends object>(value: T, hidden: { [Key in keyof T]?: (secret: string) => string }): T {
  const safe = () =>
    Object.fromEntries(
      Object.entries(value).map(([key, part]) => [
        key,
        part === undefined ? part : (hidden[key as keyof T]?.(String(part)) ?? part),
      ]),
    );
  return Object.defineProperties(value, { toJSON: { value: safe }, [inspect.custom]: { value: safe } });
}

/** Secrets by name, as a map that prints the names alone. */
export function guardAll(secrets: Record<string, string>): ReadonlyMap<string, string> {
  const map = new Map(Object.entries(secrets));
  const safe = () => Object.fromEntries([...map.keys()].map((name) => [name, hide()]));
  return Object.defineProperties(map, { toJSON: { value: safe }, [inspect.custom]: { value: safe } });
}

/** `folder:folder`, absolute. */
export function usingFolders(text: string, context: z.RefinementCtx): string[] {
  const folders = text.split(':').filter(Boolean);
  if (folders.every((folder) => isAbsolute(folder) && resolve(folder) !== '/')) return folders;
  context.addIssue('must be absolute folders, separated by ":", and not the whole disk (/).');
  return z.NEVER;
}

/** A host, with its port or without. */
export const HOST_NAME = /^(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/i;

/** `host,host:port` */
export function usingHosts(text: string, context: z.RefinementCtx): string[] {
  const hosts = text.split(',').map((host) => host.trim().toLowerCase());
  if (hosts.every((host) => HOST_NAME.test(host))) return hosts;
  context.addIssue(
    'must be host names separated by ",", such as gitlab.lan,git.example.com:8443, without https:// or a path.',
  );
  return z.NEVER;
}

/** A PEM as environments carry it: whole, with `\n` written out, on one line, or in base64; checked to be an RSA key. */
export function usingPem(text: string, context: z.RefinementCtx): string {
  const decoded = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString();
  const pem = decoded
    .replaceAll('\\n', '\n')
    .trim()
    .replace(/^(-----BEGIN [A-Z ]+-----)([^-]+)(-----END [A-Z ]+-----)$/, (_all, begin, body: string, end) =>
      [begin, ...body.trim().split(/\s+/), end].join('\n'),
    );
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs8', format: 'pem' }) as string;
  } catch {
    // Nothing of the key may appear in a message, not even in OpenSSL's words: one sentence covers every case.
  }
  context.addIssue(
    'is not an RSA private key in PEM form. Paste the whole .pem file that GitHub gave you, or its base64.',
  );
  return z.NEVER;
}

export function usingPemFile(path: string, context: z.RefinementCtx): string {
  try {
    return usingPem(readFileSync(path, 'utf8'), context);
  } catch (error) {
    context.addIssue(`cannot be read (${messageOf(error)}). Point it at the .pem file that GitHub gave you.`);
    return z.NEVER;
  }
}

/** `name=value,name=value`, values URL-encoded: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables */
export function usingHeaders(text: string, context: z.RefinementCtx): Record<string, string> {
  const pairs = text.split(',').map((pair) => /^\s*([!#$%&'*+.^_`|~0-9a-z-]+)\s*=\s*(.*?)\s*$/i.exec(pair));
  if (pairs.every((pair) => pair !== null)) {
    return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, decoded(value)]));
  }
  // Nothing of it is repeated: it may be a secret.
  context.addIssue('is not a list of headers. Write name=value,name=value, with values URL-encoded.');
  return z.NEVER;
}

export function usingPrices(text: string, context: z.RefinementCtx): PriceOverrides {
  const shape = '{"model-id": {"input": 3, "output": 15, "cacheRead": 0.3, "cacheWrite5m": 3.75, "cacheWrite1h": 6}}';
  try {
    const prices = PriceOverrides.safeParse(JSON.parse(text));
    if (prices.success) return prices.data;
    const faults = prices.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    context.addIssue(`does not fit (${faults}). Give dollars per million tokens as ${shape}.`);
  } catch (error) {
    context.addIssue(`is not JSON (${messageOf(error)}). Give dollars per million tokens as ${shape}.`);
  }
  return z.NEVER;
}

/** A URL-encoded text; as it is where it is none. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a bare % is a fine password
  }
}
