/** Who asks: the admin, to whom everything is open, or somebody on GitHub, by the id that stays when the login changes. */
export type Principal = { kind: 'admin' } | { kind: 'user'; githubId: number; login: string };

/** How a principal is called in the audit trail. */
export function nameOf(principal: Principal): string {
  return principal.kind === 'admin' ? 'admin' : principal.login;
}
