import { parseEnv } from 'node:util';
import { expect, it } from 'vitest';
import { withVariables } from '../../src/domain/env-file.ts';

it('changes what is set where it stands, keeps every other line, and adds what is new', () => {
  const before = '# the app\nAPP_ID=\nexport WEBHOOK_SECRET = old\n# APP_ID=1\n\nPORT=80 # web';
  expect(withVariables(before, { APP_ID: '7', WEBHOOK_SECRET: 'new', KEY: '/a/b' })).toBe(
    '# the app\nAPP_ID=7\nWEBHOOK_SECRET=new\n# APP_ID=1\n\nPORT=80 # web\nKEY=/a/b\n',
  );
  expect(withVariables('', { A: '1' })).toBe('A=1\n');
  expect(withVariables('A=1\n', { A: '2' })).toBe('A=2\n');
});

it('quotes what node would read otherwise', () => {
  const awkward = { A: '/my folder/#1', B: 'x$HOME', C: `it's "it"` };
  expect(parseEnv(withVariables('', awkward))).toEqual(awkward);
});
