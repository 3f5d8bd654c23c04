import examples from '@octokit/webhooks-examples/api.github.com/index.json' with { type: 'json' };
import { expect, it, describe } from 'vitest';
import { DomainEvent } from '../../src/domain/event.ts';
import { KNOWN_EVENTS, toDomainEvent } from '../../src/github/events.ts';

type Payload = { action?: string; sender?: { login: string; type: string } } & Record<string, unknown>;
const payloads = (examples as unknown as { name: string; examples: Payload[] }[]).flatMap(({ name, examples: list }) =>
  list.map((payload) => ({ name, payload })),
);
const example = (name: string, action: string, installed = true) => {
  const found = payloads.find((each) => each.name === name && each.payload.action === action)!;
  return { ...structuredClone(found.payload), ...(installed ? { installation: { id: 5, node_id: 'x' } } : {}) } as {
    issue: Record<string, unknown>;
    installation?: unknown;
  };
};
const id = '72d3162e-cc78-11e3-81ab-4c9367dc0958';

it('translates a comment', () => {
  const event = toDomainEvent({ id, name: 'issue_comment', payload: example('issue_comment', 'created') });
  expect(event).toEqual({
    kind: 'comment_created',
    deliveryId: id,
    installationId: 5,
    repository: {
      id: 186853002,
      owner: 'Codertocat',
      name: 'Hello-World',
      defaultBranch: 'master',
      private: false,
      htmlUrl: 'https://github.com/Codertocat/Hello-World',
      cloneUrl: 'https://github.com/Codertocat/Hello-World.git',
    },
    issue: {
      number: 1,
      title: 'Spelling error in the README file',
      body: "It looks like you accidently spelled 'commit' with two 't's.",
      isPullRequest: false,
      author: { login: 'Codertocat', id: 21031067 },
      state: 'open',
    },
    sender: { login: 'Codertocat', id: 21031067 },
    comment: {
      id: 492700400,
      body: "You are totally right! I'll get this fixed right away.",
      createdAt: '2019-05-15T15:20:21Z',
      url: 'https://github.com/Codertocat/Hello-World/issues/1#issuecomment-492700400',
    },
  });
  expect(DomainEvent.parse(event)).toEqual(event);
});

it('translates checks that failed on a branch of ours, whoever sent them, and no others', () => {
  const payload: Record<string, unknown> = example('check_suite', 'completed');
  const read = (more: object) =>
    toDomainEvent({
      id,
      name: 'check_suite',
      payload: {
        ...payload,
        sender: { login: 'nofx[bot]', id: 2, type: 'Bot' },
        check_suite: {
          ...(payload['check_suite'] as object),
          head_branch: 'nofx/1-slugs',
          conclusion: 'failure',
          app: { slug: 'github-actions' },
          pull_requests: [{ number: 2 }],
          ...more,
        },
      },
    });
  const event = read({});
  expect(event).toMatchObject({ kind: 'checks_failed', app: 'github-actions', pulls: [2] });
  expect(DomainEvent.parse(event)).toEqual(event);
  expect(read({ conclusion: 'success' })).toMatchObject({ kind: 'ignored', reason: 'the checks ended in success' });
  expect(read({ head_branch: 'main' })).toMatchObject({ kind: 'ignored', reason: 'not a branch of ours' });
});

it('translates a label', () => {
  const event = toDomainEvent({ id, name: 'issues', payload: example('issues', 'labeled') });
  expect(event).toMatchObject({
    kind: 'label_added',
    label: 'bug',
    sender: { login: 'Codertocat' },
    issue: { number: 1 },
  });
  expect(DomainEvent.parse(event)).toEqual(event);
});

it.each([
  ['issues', 'unlabeled', { kind: 'label_removed', label: 'bug' }],
  ['pull_request', 'closed', { kind: 'closed', mergedAt: null, issue: { isPullRequest: true, number: 2 } }],
  [
    'check_run',
    'requested_action',
    { kind: 'button_pressed', button: 'lgtm|26764', check: { name: 'API Review' }, branch: 'miniak/event-process-id' },
  ],
  [
    'check_run',
    'rerequested',
    { kind: 'rerun_requested', check: { name: 'randscape', externalId: '' }, branch: 'master' },
  ],
  ['check_suite', 'rerequested', { kind: 'rerun_requested', check: null, branch: 'changes' }],
] as const)('translates %s.%s', (name, action, expected) => {
  // As GitHub recorded it, an app re-ran the suite; a person may as well.
  const sender = { login: 'octocat', id: 1, type: 'User' };
  const event = toDomainEvent({ id, name, payload: { ...example(name, action), sender } });
  expect(event).toMatchObject(expected);
  expect(DomainEvent.parse(event)).toEqual(event);
});

it('tells pull requests from issues', () => {
  const payload = example('issue_comment', 'created');
  payload.issue.pull_request = { url: 'https://api.github.com/repos/o/r/pulls/1' };
  expect(toDomainEvent({ id, name: 'issue_comment', payload })).toMatchObject({ issue: { isPullRequest: true } });
});

it('takes an issue without text, and one of a deleted account', () => {
  const payload = example('issues', 'labeled');
  payload.issue.body = null;
  payload.issue.user = null;
  expect(toDomainEvent({ id, name: 'issues', payload })).toMatchObject({
    issue: { body: '', author: { login: 'ghost' } },
  });
});

describe('ignores', () => {
  it.each([
    ['a bot by its type', { login: 'renovate', id: 1, type: 'Bot' }, /renovate is a bot/],
    ['a bot by its name', { login: 'nofx[bot]', id: 1, type: 'User' }, /nofx\[bot\] is a bot/],
  ])('%s', (_, sender, reason) => {
    const payload = { ...example('issue_comment', 'created'), sender };
    expect(toDomainEvent({ id, name: 'issue_comment', payload })).toEqual({
      kind: 'ignored',
      deliveryId: id,
      reason: expect.stringMatching(reason),
    });
  });

  it('an edited comment', () => {
    expect(toDomainEvent({ id, name: 'issue_comment', payload: example('issue_comment', 'edited') })).toMatchObject({
      kind: 'ignored',
      reason: 'issue_comment.edited is not an event NOFX acts on',
    });
  });

  it("a repository's own webhook", () => {
    const payload = example('issue_comment', 'created', false);
    delete payload.installation;
    expect(toDomainEvent({ id, name: 'issue_comment', payload })).toMatchObject({
      reason: expect.stringContaining('not from the app'),
    });
  });

  it.each([null, undefined, 'text', 7, [], {}, { action: 'created' }, { action: 'created', installation: { id: 1 } }])(
    'what is no payload: %j',
    (payload) => {
      expect(toDomainEvent({ id, name: 'issue_comment', payload }).kind).toBe('ignored');
    },
  );
});

it.each(payloads.map(({ name, payload }, i) => [`${name}.${payload.action ?? ''} #${i}`, name, payload] as const))(
  'takes the real payload %s',
  (_, name, payload) => {
    const event = toDomainEvent({ id, name, payload });
    DomainEvent.parse(event);
    const acted = KNOWN_EVENTS.includes(`${name}.${payload.action ?? ''}`);
    if (!acted)
      expect(event).toMatchObject({ kind: 'ignored', reason: expect.stringContaining('is not an event NOFX acts on') });
    else if (payload.sender?.type === 'Bot')
      expect(event).toMatchObject({ reason: expect.stringContaining('is a bot') });
    else if ('installation' in payload) expect(event.kind).not.toBe('ignored');
    else expect(event).toMatchObject({ reason: expect.stringContaining('not from the app') });
  },
);
