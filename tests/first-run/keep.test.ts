import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assertWritable, keepApp } from '../../src/first-run/keep.ts';

const made = { appId: 7, name: 'Ours', url: 'https://github.com/apps/ours', privateKey: 'a key', webhookSecret: null };

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'nofx-keep-'))));
afterAll(() => rmSync(folder, { recursive: true }));

it('says before anything is made that nothing could be kept', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const places = { envFile: join(folder, '.env'), dataDir: join(file, 'data') };
  await expect(assertWritable(places)).rejects.toMatchObject({
    name: 'UserError',
    next: expect.stringContaining(places.dataDir),
  });
  await assertWritable({ ...places, dataDir: join(folder, 'data') });
});

it('writes for the owner alone, leaves nothing half done, and goes over no other app', async () => {
  const places = { envFile: join(folder, '.env'), dataDir: join(folder, 'data') };
  await keepApp(made, 'https://nofx.example.com', places);
  await keepApp({ ...made, appId: 8, privateKey: 'another' }, 'https://nofx.example.com', places);
  expect(readdirSync(places.dataDir).toSorted()).toEqual(['github-app-7.pem', 'github-app-8.pem']);
  expect(readFileSync(join(places.dataDir, 'github-app-7.pem'), 'utf8')).toBe('a key');
  expect(readFileSync(places.envFile, 'utf8')).toBe(
    `APP_ID=8\nPRIVATE_KEY_PATH=${join(places.dataDir, 'github-app-8.pem')}\nNOFX_PUBLIC_URL=https://nofx.example.com\n`,
  );
  expect(statSync(places.envFile).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).toSorted()).toEqual(['.env', 'data', 'file']);
});
