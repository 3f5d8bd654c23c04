import { expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { startPlayground } from '../../src/playground/playground.ts';
import { tourScript } from '../../src/playground/tour-script.ts';
import { tour } from '../../src/playground/tour.ts';
import { freshDatabaseOptions } from '../support/database.ts';

it('the tour shows plan, approval, a failing test, its mending, a pull request and a review that is heeded', async () => {
  const playground = await startPlayground({
    model: { script: tourScript },
    database: await freshDatabaseOptions(),
    environment: { ...process.env },
    log: (secrets) => createLogger({ level: 'silent', redact: secrets.redact }),
  });
  const said: string[] = [];
  try {
    expect(await tour(playground, (line) => void said.push(line)), said.join('\n')).toBe(true);
  } finally {
    await playground.stop();
  }
  const story = said.join('\n');
  const parts = [
    'mona comments:  /nofx plan add a slugify helper with tests',
    'This plan will not be executed until it is approved by',
    'mona comments:  /nofx approve ',
    '✗   test (',
    'The model is told what the tests found, and mends it',
    '✓   test-1',
    '✓ NOFX: Opened pull request #2',
    'mona comments beside src/slugify.js:8 of #2',
    "NOFX finished @mona's task",
    '+    .slice(0, 60)',
  ];
  const found = parts.map((part) => story.lastIndexOf(part));
  expect(found.every((at) => at >= 0)).toBe(true);
  expect(found).toEqual(found.toSorted((a, b) => a - b));
});
