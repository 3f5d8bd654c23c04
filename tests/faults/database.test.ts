import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoScript } from '../../src/playground/demo-script.ts';
import type { ScriptRequest } from '../../src/playground/model-script.ts';
import { buildTown, expectOneStory, type Town } from '../support/process.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';

describe('the database goes away', () => {
  let postgres: PostgresServer;
  let town: Town;
  beforeEach(async () => {
    postgres = await startPostgres();
  });
  afterEach(async () => {
    await town.stop();
    await postgres.stop();
  });

  /** Does something to the database, once, while the model is being asked. */
  const during = async (act: () => Promise<void>) => {
    const acted = Promise.withResolvers<void>();
    let begun = false;
    town = await buildTown({
      database: { kind: 'postgres', url: postgres.url },
      script: (request: ScriptRequest) => {
        if (request.turn === 1 && !begun) {
          begun = true;
          act().then(acted.resolve, acted.reject);
        }
        return demoScript(request);
      },
    });
    await town.start();
    const issue = await town.comment('/nofx add a slugify helper');
    await acted.promise;
    await town.ended();
    return expectOneStory(town, issue);
  };

  it('at once and for two seconds: the run ends, once', async () => {
    const problems = await during(async () => {
      await postgres.cut();
      await sleep(2_000);
      await postgres.restore();
    });
    expect(problems).toEqual([]);
  });

  it('with every connection: they are made again', async () => {
    const problems = await during(async () => {
      for (let i = 0; i < 5; i += 1) {
        await town.database.db
          .execute(
            sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`,
          )
          .catch(() => {});
        await sleep(100);
      }
    });
    expect(problems).toEqual([]);
  });
});
