import { invalid } from './respond.ts';
import { checkRunShape } from './shape-checks.ts';
import type { Account, Annotation, CheckRun, CheckSuite, Repository } from './types.ts';
import type { World } from './world.ts';

type Body = Record<string, unknown>;

/** GitHub's limits for check runs. The output's are bytes, whatever the documentation says: https://github.com/github/docs/issues/35252 */
const LONGEST_OUTPUT = 65_535;
const LONGEST_MESSAGE = 64 * 1024;
const LONGEST_TITLE = 255;
const MOST_ANNOTATIONS = 50;
const MOST_ACTIONS = 3;
const LONGEST_ACTION = { label: 20, description: 40, identifier: 20 } as const;

/** An app's check suite on a commit: there is one, made when it is first needed. */
export function suiteFor(
  world: World,
  repo: Repository,
  headSha: string,
  headBranch: string | null,
  otherApp?: string,
): CheckSuite {
  const known = [...world.checkSuites.values()].find(
    (suite) => suite.repo === repo && suite.headSha === headSha && suite.otherApp === otherApp,
  );
  if (known) {
    known.headBranch ??= headBranch;
    return known;
  }
  const suite: CheckSuite = { id: world.nextId(), repo, headSha, headBranch, createdAt: world.now(), otherApp };
  world.checkSuites.set(suite.id, suite);
  return suite;
}

/** 422 for what GitHub refuses in the body of a check run. */
export function validateCheck(body: Body): void {
  const output = (body['output'] ?? {}) as Body;
  for (const field of ['title', 'summary', 'text']) {
    const value = output[field];
    if (typeof value === 'string' && Buffer.byteLength(value) > LONGEST_OUTPUT) {
      invalid({
        resource: 'CheckRun',
        field,
        code: 'custom',
        message: `${field} exceeds a maximum bytesize of ${LONGEST_OUTPUT}`,
      });
    }
  }
  if (body['output'] !== undefined && typeof output['summary'] !== 'string') {
    invalid({ resource: 'CheckRun', field: 'summary', code: 'missing_field' });
  }
  const annotations = (output['annotations'] ?? []) as Annotation[];
  if (annotations.length > MOST_ANNOTATIONS) {
    invalid({
      resource: 'CheckRun',
      field: 'annotations',
      code: 'custom',
      message: `annotations exceeds a maximum quantity of ${MOST_ANNOTATIONS}`,
    });
  }
  annotations.forEach(validateAnnotation);
  validateActions((body['actions'] ?? []) as CheckRun['actions']);
  if (body['status'] === 'completed' && typeof body['conclusion'] !== 'string') {
    invalid({ resource: 'CheckRun', field: 'conclusion', code: 'missing_field' });
  }
}

function validateAnnotation({ path, start_line: start, end_line: end, message, title = '' }: Annotation): void {
  const wrong =
    path === '' ||
    start < 1 ||
    end < start ||
    Buffer.byteLength(message) > LONGEST_MESSAGE ||
    title.length > LONGEST_TITLE;
  if (wrong) invalid({ resource: 'CheckRun', field: 'annotations', code: 'invalid' });
}

function validateActions(actions: CheckRun['actions']): void {
  if (actions.length > MOST_ACTIONS) {
    invalid({
      resource: 'CheckRun',
      field: 'actions',
      code: 'custom',
      message: `actions exceeds a maximum quantity of ${MOST_ACTIONS}`,
    });
  }
  for (const action of actions) {
    for (const [field, longest] of Object.entries(LONGEST_ACTION)) {
      const value = action[field as keyof typeof action];
      if (typeof value !== 'string' || value.length > longest) {
        invalid({
          resource: 'CheckRun',
          field,
          code: 'custom',
          message: `${field} exceeds a maximum length of ${longest}`,
        });
      }
    }
  }
}

/** 422 where a check run that is completed is to go on: GitHub completes one for good; apps make a new one. */
export function refuseReopening(run: CheckRun, body: Body): void {
  const reopens =
    typeof body['status'] === 'string' && body['status'] !== 'completed' && body['conclusion'] === undefined;
  if (run.status !== 'completed' || !reopens) return;
  invalid({
    resource: 'CheckRun',
    field: 'status',
    code: 'invalid',
    message: 'a completed check run cannot be reopened',
  });
}

/**
 * Takes over the fields that a request names, as GitHub does: a conclusion or `completed_at` completes the
 * run, annotations are added to those already there.
 */
export function applyCheck(world: World, run: CheckRun, body: Body): void {
  const text = (field: string) => (typeof body[field] === 'string' ? (body[field] as string) : undefined);
  const date = (field: string) => (text(field) ? new Date(text(field)!) : undefined);
  run.name = text('name') ?? run.name;
  run.externalId = text('external_id') ?? run.externalId;
  run.detailsUrl = text('details_url') ?? run.detailsUrl;
  run.startedAt = date('started_at') ?? run.startedAt;
  run.status = text('conclusion') ? 'completed' : (text('status') ?? run.status);
  if (run.status === 'completed') {
    run.conclusion = text('conclusion') ?? run.conclusion;
    run.completedAt = date('completed_at') ?? run.completedAt ?? world.now();
    run.startedAt ??= run.completedAt;
  }
  if (Array.isArray(body['actions'])) run.actions = body['actions'] as CheckRun['actions'];
  const output = body['output'] as
    | (Partial<Record<'title' | 'summary' | 'text', string>> & { annotations?: Annotation[] })
    | undefined;
  if (!output) return;
  run.output = {
    title: output.title ?? run.output.title,
    summary: output.summary ?? run.output.summary,
    text: output.text ?? run.output.text,
  };
  run.annotations.push(...(output.annotations ?? []));
}

/** Sends `check_run.<action>`. */
export function emitCheck(
  world: World,
  run: CheckRun,
  action: string,
  sender: Account,
  more: Body = {},
): Promise<void> {
  const body = { check_run: checkRunShape(world, run), ...more };
  return world.emit({ event: 'check_run', action, repo: run.repo, sender, body });
}
