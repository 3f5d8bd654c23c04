import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lane } from '../support/database.ts';
import { startHarness, type Harness } from '../support/harness.ts';

const node = { 'package.json': '{ "scripts": { "test": "node --test" } }\n', 'package-lock.json': '{}\n' };

describe(`a word of welcome where NOFX was just installed, on ${lane}`, () => {
  describe('as an issue', () => {
    let nofx: Harness;
    beforeAll(async () => {
      nofx = await startHarness({ environment: { NOFX_WELCOME: 'issue' } });
    });
    afterAll(() => nofx.stop());

    it('is said once, says what was found, and is not mistaken for a task', async () => {
      const kit = await nofx.repository({ files: node, config: null });
      await nofx.drain();
      const { title, user, body } = nofx.github.issues(kit.name)[0]!;
      expect({ title, by: user.login }).toEqual({ title: 'NOFX can work here now', by: 'nofx[bot]' });
      expect(body).toContain('put the label `nofx` on one');
      expect(body).toContain('- Language: JavaScript or TypeScript, by `package.json`');
      expect(body).toContain('- Tests: `npm test`');
      expect(body).toContain('```yaml\n# How NOFX works in this repository.\ngates:\n  test: npm test\n```');
      const [delivery] = nofx.github.deliveries().filter(({ event }) => event.startsWith('installation'));
      await nofx.github.redeliver(delivery!.id);
      await nofx.drain();
      expect(nofx.github.issues(kit.name)).toHaveLength(1);
      expect(await kit.runs()).toEqual([]);
    });

    it('is not said where there is a configuration, or nothing to work on', async () => {
      const configured = await nofx.repository();
      const empty = await nofx.repository({ files: {} });
      await nofx.drain();
      expect([configured, empty].flatMap(({ name }) => nofx.github.issues(name))).toEqual([]);
    });
  });

  describe('as a pull request', () => {
    let nofx: Harness;
    beforeAll(async () => {
      nofx = await startHarness({ environment: { NOFX_WELCOME: 'pull_request' } });
    });
    afterAll(() => nofx.stop());

    it('proposes a configuration that says what NOFX found, and works', async () => {
      const kit = await nofx.repository({ files: node, config: null });
      await nofx.drain();
      const pull = kit.pullRequest();
      expect(pull).toMatchObject({ title: 'Configure NOFX', head: { ref: 'nofx/configure' }, base: { ref: 'main' } });
      expect(pull.body).toContain('- Tests: `npm test`');
      expect(kit.git('diff', '--name-status', 'main', pull.head.sha).trim()).toBe('A\t.github/nofx.yml');
      expect(kit.git('show', `${pull.head.sha}:.github/nofx.yml`)).toBe(
        '# How NOFX works in this repository.\ngates:\n  test: npm test\n',
      );
    });
  });
});
