import { describe, expect, it } from 'vitest';
import { refuseApproval, teamsToAsk, whoApproves, type ApprovalRules } from '../../src/domain/approval.ts';
import { ROLES, type Role } from '../../src/domain/role.ts';

const rules = (approvers: ApprovalRules['approvers'] = 'write', requireOtherApprover = false) => ({
  approvers,
  requireOtherApprover,
});
const by = (role: Role = 'write', login = 'mona', id = 1) => ({ login, id, role });
const asked = (memberOf: [string, boolean | null][] = [], id = 9) => ({
  requester: { id },
  memberOf: new Map(memberOf),
});

describe('who may approve', () => {
  it.each([
    ['write', ['write', 'maintain', 'admin']],
    ['maintain', ['maintain', 'admin']],
    ['admin', ['admin']],
  ] as const)('is everybody with the role %s', (approvers, allowed) => {
    const may = ROLES.filter((role) => refuseApproval(rules(approvers), by(role), asked()) === null);
    expect(may).toEqual(allowed);
  });

  it('are the named people and teams alone, whatever their role', () => {
    const named = rules(['Mona', 'acme/leads']);
    expect(refuseApproval(named, by('read', 'mONA'), asked())).toBeNull();
    expect(refuseApproval(named, by('none', 'tess'), asked([['acme/leads', true]]))).toBeNull();
    expect(refuseApproval(named, by('admin', 'root'), asked([['acme/leads', false]]))).toMatchObject({
      kind: 'permission',
      message: 'Only `Mona` or a member of `acme/leads` may approve this.',
    });
  });

  it('is told apart from a team that GitHub does not show', () => {
    const failure = refuseApproval(rules(['acme/leads']), by(), asked([['acme/leads', null]]));
    expect(failure).toMatchObject({
      message: expect.stringContaining('does not tell NOFX who is in `acme/leads`') as string,
    });
    expect(failure!.next).toContain('permission to read members');
  });

  it('is never whoever asked, where another is required, whatever they are called by now', () => {
    const own = refuseApproval(rules('write', true), by('admin', 'renamed', 9), asked());
    expect(own).toMatchObject({
      kind: 'permission',
      message: expect.stringContaining('asked for this yourself') as string,
    });
    expect(refuseApproval(rules('write', true), by(), asked())).toBeNull();
    expect(refuseApproval(rules(), by('write', 'mona', 9), asked())).toBeNull();
  });

  it('asks about teams only where that decides', () => {
    expect(teamsToAsk(rules('write'), by())).toEqual([]);
    expect(teamsToAsk(rules(['MONA', 'acme/a']), by())).toEqual([]);
    expect(teamsToAsk(rules(['rita', 'acme/a', 'acme/b']), by())).toEqual(['acme/a', 'acme/b']);
  });

  it('is said in a few words', () => {
    expect(whoApproves(['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'basic')).toBe(
      '`a`, `b`, `c`, `d`, `e` or one of 2 others',
    );
    expect(whoApproves('write', 'hidden')).toBe('somebody who may change this project');
  });
});
