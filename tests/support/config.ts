import { generateKeyPairSync } from 'node:crypto';
import { type Config, type Environment, loadConfig } from '../../src/config.ts';

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const pkcs1 = key.export({ type: 'pkcs1', format: 'pem' }) as string;
export const pkcs8 = key.export({ type: 'pkcs8', format: 'pem' }) as string;
export const app = { APP_ID: '12345', PRIVATE_KEY: pkcs1, WEBHOOK_SECRET: 'a-long-secret' };

/** What is wrong with these settings. */
export function errors(environment: Environment): string[] {
  const result = loadConfig(environment);
  return result.ok ? [] : result.errors;
}

/** These settings, in which nothing is wrong. */
export function load(environment: Environment): Config {
  const result = loadConfig(environment);
  if (!result.ok) throw new Error(result.errors.join('\n'));
  return result.config;
}
