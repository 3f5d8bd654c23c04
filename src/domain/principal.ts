/** The admin, to whom everything is open, or somebody on GitHub, by the id that stays when the login changes. */
export type Person = { kind: 'admin' } | { kind: 'user'; githubId: number; login: string; link?: string };

/** Who asks: a person, or whoever has come by the link of a run (`link`, its id), and may read that one. */
export type Principal = Person | { kind: 'link'; link: string };

/** How a principal is called in the audit trail. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'admin':
      return 'admin';
    case 'user':
      return principal.login;
    case 'link':
      return 'somebody with its link';
  }
}
