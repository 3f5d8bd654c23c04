import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Principal } from '../domain/principal.ts';
import type { OutboxDeps } from '../outbox/deps.ts';
import type { RunLinks } from '../domain/run-link.ts';
import type { RunDefaults } from '../runs/demand.ts';
import type { Deps } from '../runs/deps.ts';
import type { Guesses } from './guesses.ts';
import type { Sessions } from './sessions.ts';
import type { Standing } from './standing.ts';
import type { Streams } from './streams.ts';

/** What every request carries. */
export type ApiEnv = {
  Variables: {
    requestId: string;
    principal: Principal;
    /** what they were let in by, where they may lose it */
    standing?: Standing;
    /** the answer tells a secret on purpose, the one time that it is shown */
    tellsSecret?: boolean;
  };
};
export type Api = OpenAPIHono<ApiEnv>;

/** What this room is given. */
export type ApiDeps = Deps & {
  adminPassword: string | null;
  /** where people and GitHub reach this server: no slash at its end; null where nobody has said */
  publicUrl: string | null;
  /** null: access tokens of Supabase open nothing */
  supabase: SupabaseAuth | null;
  sessions: Sessions;
  links: RunLinks;
  guesses: Guesses;
  streams: Streams;
  outbox: OutboxDeps;
  defaults: RunDefaults;
};

export type SupabaseAuth = {
  url: string;
  serviceRoleKey: string;
  /** undefined: tokens are checked with the keys that the project publishes */
  jwtSecret: string | undefined;
};
