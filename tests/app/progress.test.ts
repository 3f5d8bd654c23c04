import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turn } from '../../src/playground/model.ts';
import { repositoryOf } from '../../src/handlers/access.ts';
import { getProject } from '../../src/db/projects.ts';
import { commentMarker } from '../../src/domain/report.ts';
import { reapComments } from '../../src/upkeep/reap-comments.ts';
import { reapRuns } from '../../src/upkeep/reap-runs.ts';
import { lane } from '../support/database.ts';
import { does, startHarness, type Harness } from '../support/harness.ts';

const never = new AbortController().signal;

/** Waits for what people would see in a moment. */
async function seen<T>(look: () => T | undefined | false): Promise<T> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = look();
    if (found) return found;
    await sleep(100);
  }
  throw new Error('It was never seen.');
}

describe(`what people see of a run, on ${lane}`, () => {
  let nofx: Harness;
  beforeAll(async () => {
    nofx = await startHarness({ liveEveryMs: 0 });
  });
  afterAll(() => nofx.stop());

  it('shows what a gate prints while it runs, without secrets, and what each step has spent', async () => {
    const secret = `ghs_${'x'.repeat(36)}`;
    const kit = await nofx.repository({
      config: `gates:\n  test: echo "compiling with ${secret}"; sleep 3; echo done\n`,
      model: does([['write', { file_path: 'notes.md', content: 'Noted.\n' }]]),
    });
    const { issue } = await kit.comment('/nofx add the notes');
    const check = await seen(() =>
      kit.checkRuns().find(({ name, output }) => name === 'NOFX / gate: test' && output.text?.includes('compiling')),
    );
    expect(check).toMatchObject({ status: 'in_progress', conclusion: null });
    expect(check.output.text).toContain('Its output so far ends with:');
    expect(check.output.text).toContain('compiling with [redacted]');
    expect(kit.answer(issue)).toContain('- [ ] ⏳ Run the tests');
    await kit.drain();
    expect(kit.answer(issue)).toMatch(/^- \[x\] Write the code: 1 file \(\d+s · [\d,]+ tokens · \$\d\.\d{2,4}\)$/m);
    expect(kit.answer(issue)).toMatch(/^- \[x\] Commit the changes \(\d+s\)$/m);
  });

  it('says how a run ended although every update of it was lost on the way', async () => {
    const goOn = Promise.withResolvers<void>();
    const kit = await nofx.repository({
      async model({ turn: step }) {
        await goOn.promise;
        return step === 0
          ? turn.tools([['write', { file_path: 'notes.md', content: 'Noted.\n' }]])
          : turn.text('Done as asked.');
      },
    });
    const { issue } = await kit.comment('/nofx add the notes');
    const saysItGoesOn = () => kit.answers(issue).some((body) => body.includes('⏳ Write the code'));
    await seen(saysItGoesOn);
    const { deps } = nofx.nofx;
    const [run] = await kit.runs();
    // From here on every job that would show the run is lost.
    const lose = `lose_${run!.id}`;
    await deps.db.execute(
      sql.raw(`create function ${lose}() returns trigger language plpgsql as 'begin return null; end'`),
    );
    await deps.db.execute(
      sql.raw(`create trigger ${lose} before insert on pgboss.job for each row
        when (new.name = 'progress' and new.singleton_key = '${run!.id}') execute function ${lose}()`),
    );
    await deps.db.execute(
      sql`delete from pgboss.job where name = 'progress' and singleton_key = ${run!.id} and state <> 'active'`,
    );
    goOn.resolve();
    await kit.drain();
    expect(await kit.run()).toMatchObject({ status: 'succeeded' });
    expect(saysItGoesOn()).toBe(true);
    expect(kit.checks()).toEqual(['NOFX: in_progress/null']);

    await deps.db.execute(sql.raw(`drop trigger ${lose} on pgboss.job`));
    expect(await reapRuns(deps, never, { untoldAfterMs: 0 })).toMatchObject({ untold: 1 });
    await kit.drain();
    expect(kit.answer(issue)).toContain("**NOFX finished @mona's task in");
    expect(kit.checks().filter((check) => !check.includes('completed/success'))).toEqual([]);
    expect(await reapRuns(deps, never, { untoldAfterMs: 0 })).toMatchObject({ untold: 0 });
  });

  it('writes a comment anew over which a process that froze has put an older text', async () => {
    const { kit, issue, final } = await overwritten('acme');
    expect(await reap()).toEqual({ again: false, rewritten: 1 });
    await kit.drain();
    expect(kit.answer(issue)).toBe(final);
    expect(await reap()).toEqual({ again: false, rewritten: 0 });
  });

  it('does so also while another installation is at its rate limit, whose comments have their turn after it', async () => {
    const limited = await overwritten('umbrella');
    const other = await overwritten('acme');
    const headers = { 'retry-after': '1' };
    const path = new RegExp(`^/repos/${limited.kit.name}/issues/comments/`);
    nofx.github.failNext({ method: 'GET', path, status: 429, headers });
    expect(await reap()).toEqual({ again: false, rewritten: 1 });
    await other.kit.drain();
    expect(other.kit.answer(other.issue)).toBe(other.final);
    expect(limited.kit.answer(limited.issue)).not.toBe(limited.final);
    await expect.poll(async () => (await reap()).rewritten, { timeout: 10_000 }).toBe(1);
    await limited.kit.drain();
    expect(limited.kit.answer(limited.issue)).toBe(limited.final);
    expect(await reap()).toEqual({ again: false, rewritten: 0 });
  });

  const reap = () => reapComments(nofx.nofx.deps, never, { settledAfterMs: 0 });

  /** A run that has ended, and its comment, which says that it goes on. */
  const overwritten = async (owner: string) => {
    const kit = await nofx.repository({ owner });
    const { issue } = await kit.ask();
    const run = await kit.run();
    const { deps } = nofx.nofx;
    const final = kit.answer(issue);
    const ref = repositoryOf({ project: (await getProject(deps.db, run.projectId))! });
    const marker = commentMarker(run.id);
    const body = `${marker}\n**NOFX is working on @mona's task**`;
    await deps.adapters.github.upsertComment(ref, issue, { marker, body });
    expect(kit.answer(issue)).toBe(body);
    return { kit, issue, final };
  };
});
