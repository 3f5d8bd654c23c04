import type { Access } from '../api/access.ts';
import type { ApiDeps } from '../api/env.ts';
import type { Principal } from '../domain/principal.ts';

/** What every request for a page carries. */
export type PageEnv = {
  Variables: {
    requestId: string;
    /** null for strangers, who are shown the sign-in page and nothing else */
    principal: Principal | null;
    /** for the hidden field `form` of every form that posts */
    formToken: string;
  };
};

/** What this room is given. */
export type PageDeps = ApiDeps & { access: Access };
