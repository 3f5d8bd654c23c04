import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const rows = [...readFileSync(at('docs/faults.md'), 'utf8').matchAll(/`(tests\/[\w/-]+\.test\.ts)`: (.+?) *\|$/gm)];

it.each(rows.map(([, file, title]) => [file!, title!]))('docs/faults.md: %s has “%s”', (file, title) => {
  expect(readFileSync(at(file), 'utf8')).toContain(title);
});

it('docs/faults.md names a test for each fault', () => {
  expect(rows.length).toBeGreaterThan(25);
});
