import type { GitMode } from './project.ts';
import { isAtLeast, type Role } from './role.ts';
import type { RunConfig } from './run-config.ts';
import type { Failure } from './run.ts';

/** Who may say yes, as a repository settles it. */
export type ApprovalRules = Pick<RunConfig, 'approvers' | 'requireOtherApprover'>;

/** Somebody who wants to say yes. */
export type Approver = { login: string; id: number; role: Role };

/** The teams (`org/team`) that have to be asked about somebody; none where they may, or may not, without that. */
export function teamsToAsk({ approvers }: ApprovalRules, { login }: Pick<Approver, 'login'>): string[] {
  if (!Array.isArray(approvers) || approvers.some((name) => isSame(name, login))) return [];
  return approvers.filter((name) => name.includes('/'));
}

/**
 * Why somebody may not say yes; null where they may. A list of people and teams takes the place of every role.
 * `memberOf`: of the teams asked about, whether they are in it; null where GitHub does not tell.
 */
export function refuseApproval(
  rules: ApprovalRules,
  approver: Approver,
  { requester, memberOf }: { requester: { id: number }; memberOf: ReadonlyMap<string, boolean | null> },
): Failure | null {
  const { approvers, requireOtherApprover } = rules;
  if (requireOtherApprover && approver.id === requester.id) {
    return {
      kind: 'permission',
      message: 'You asked for this yourself, and in this repository somebody else has to approve it.',
      next: `Ask somebody else to comment the same: ${whoApproves(approvers, 'basic')}.`,
    };
  }
  const named = Array.isArray(approvers)
    ? approvers.some((name) => isSame(name, approver.login) || memberOf.get(name) === true)
    : isAtLeast(approver.role, approvers);
  if (named) return null;
  const hidden = [...memberOf].filter(([, isMember]) => isMember === null).map(([team]) => `\`${team}\``);
  if (hidden.length > 0) {
    return {
      kind: 'permission',
      message: `GitHub does not tell NOFX who is in ${hidden.join(', ')}, so it cannot know whether you may approve.`,
      next: 'An owner of the organization has to accept the app’s permission to read members, or `approvers` in `.github/nofx.yml` names people.',
    };
  }
  return {
    kind: 'permission',
    message: `Only ${whoApproves(approvers, 'basic')} may approve this${Array.isArray(approvers) ? '' : `; your role here is ${approver.role}`}.`,
    next: 'Ask one of them to comment the same.',
  };
}

/** Who may say yes, as in "approved by …": `a maintainer`, `octocat or a member of acme/leads`. */
export function whoApproves(approvers: ApprovalRules['approvers'], mode: GitMode): string {
  if (Array.isArray(approvers)) {
    const all = approvers.map((name) => (name.includes('/') ? `a member of \`${name}\`` : `\`${name}\``));
    const shown = all.length > 5 ? [...all.slice(0, 5), `one of ${all.length - 5} others`] : all;
    return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)!}` : shown[0]!;
  }
  if (mode === 'hidden') return `somebody who ${approvers === 'write' ? 'may change' : 'manages'} this project`;
  return { write: 'somebody with write access', maintain: 'a maintainer', admin: 'an administrator' }[approvers];
}

/** To GitHub logins and teams are the same in any case. */
function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
