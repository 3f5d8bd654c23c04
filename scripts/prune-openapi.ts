/**
 * Cuts GitHub's own OpenAPI description (devDependency `@octokit/openapi`) down to the operations that
 * NOFX calls and the webhooks it receives, and writes `tests/fixtures/github-openapi.json`, which the
 * tests validate every request, answer and webhook against. Run it again after an update of that
 * package or of the list below:
 *
 *     npx node scripts/prune-openapi.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const OPERATIONS = [
  'GET /app',
  'POST /app-manifests/{code}/conversions',
  'GET /app/installations',
  'GET /app/installations/{installation_id}',
  'POST /app/installations/{installation_id}/access_tokens',
  'GET /app/hook/deliveries',
  'GET /app/hook/deliveries/{delivery_id}',
  'POST /app/hook/deliveries/{delivery_id}/attempts',
  'GET /installation/repositories',
  'DELETE /installation/token',
  'GET /rate_limit',
  'GET /users/{username}',
  'GET /orgs/{org}/teams/{team_slug}/memberships/{username}',
  'GET /repos/{owner}/{repo}',
  'GET /repos/{owner}/{repo}/installation',
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
  'GET /repos/{owner}/{repo}/contents/{path}',
  'GET /repos/{owner}/{repo}/branches',
  'GET /repos/{owner}/{repo}/branches/{branch}',
  'GET /repos/{owner}/{repo}/commits/{ref}',
  'GET /repos/{owner}/{repo}/compare/{basehead}',
  'GET /repos/{owner}/{repo}/git/ref/{ref}',
  'GET /repos/{owner}/{repo}/git/matching-refs/{ref}',
  'POST /repos/{owner}/{repo}/git/refs',
  'PATCH /repos/{owner}/{repo}/git/refs/{ref}',
  'DELETE /repos/{owner}/{repo}/git/refs/{ref}',
  'POST /repos/{owner}/{repo}/git/commits',
  'GET /repos/{owner}/{repo}/git/commits/{commit_sha}',
  'POST /repos/{owner}/{repo}/git/trees',
  'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
  'POST /repos/{owner}/{repo}/git/blobs',
  'GET /repos/{owner}/{repo}/git/blobs/{file_sha}',
  'GET /repos/{owner}/{repo}/issues',
  'POST /repos/{owner}/{repo}/issues',
  'GET /repos/{owner}/{repo}/issues/{issue_number}',
  'PATCH /repos/{owner}/{repo}/issues/{issue_number}',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/reactions',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/reactions',
  'DELETE /repos/{owner}/{repo}/issues/{issue_number}/reactions/{reaction_id}',
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
  'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}',
  'GET /repos/{owner}/{repo}/labels',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/labels',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/labels',
  'DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}',
  'GET /repos/{owner}/{repo}/pulls',
  'POST /repos/{owner}/{repo}/pulls',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}',
  'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/files',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/commits',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/comments',
  'POST /repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies',
  'PUT /repos/{owner}/{repo}/pulls/{pull_number}/update-branch',
  'GET /repos/{owner}/{repo}/pulls/comments/{comment_id}',
  'PATCH /repos/{owner}/{repo}/pulls/comments/{comment_id}',
  'DELETE /repos/{owner}/{repo}/pulls/comments/{comment_id}',
  'GET /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions',
  'POST /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions',
  'DELETE /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions/{reaction_id}',
  'POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/assignees',
  'POST /repos/{owner}/{repo}/check-runs',
  'GET /repos/{owner}/{repo}/check-runs/{check_run_id}',
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}',
  'GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations',
  'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
  'POST /repos/{owner}/{repo}/check-suites',
] as const;

/** Names of `x-webhooks`; each carries the schema of one payload. */
const WEBHOOKS = [
  'ping',
  'push',
  'issues-opened',
  'issues-labeled',
  'issues-unlabeled',
  'issues-closed',
  'issues-reopened',
  'issue-comment-created',
  'issue-comment-edited',
  'issue-comment-deleted',
  'pull-request-opened',
  'pull-request-synchronize',
  'pull-request-closed',
  'pull-request-reopened',
  'pull-request-labeled',
  'pull-request-unlabeled',
  'pull-request-review-requested',
  'pull-request-edited',
  'pull-request-review-submitted',
  'pull-request-review-comment-created',
  'check-suite-rerequested',
  'merge-group-checks-requested',
  'check-run-created',
  'check-run-completed',
  'check-run-rerequested',
  'check-run-requested-action',
  'check-suite-requested',
  'check-suite-completed',
  'installation-created',
  'installation-deleted',
  'installation-suspend',
  'installation-repositories-added',
];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Node = { [key: string]: Json };

const SOURCE = '@octokit/openapi/generated/api.github.com.json';
const WORDS = new Set([
  'description',
  'example',
  'examples',
  'summary',
  'externalDocs',
  'title',
  'deprecated',
  'default',
  'tags',
]);

const isNode = (value: Json | undefined): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * OpenAPI 3.0's schema made plain JSON Schema: `nullable` becomes a type of its own, and the words for
 * readers go. Under `properties` the keys are names ("description" is a field there), so they stay.
 */
function schemaOf(value: Json, namesInside = false): Json {
  if (Array.isArray(value)) return value.map((item) => schemaOf(item));
  if (!isNode(value)) return value;
  const kept = Object.entries(value).filter(
    ([key]) =>
      namesInside || (!WORDS.has(key) && key !== 'nullable' && (!key.startsWith('x-') || key === 'x-multi-segment')),
  );
  const plain: Node = Object.fromEntries(
    kept.map(([key, inner]) => [key, key === 'enum' ? inner : schemaOf(inner, !namesInside && key === 'properties')]),
  );
  if (namesInside || value['nullable'] !== true) return plain;
  if (typeof plain['type'] === 'string' && !plain['anyOf'] && !plain['oneOf'] && !plain['allOf']) {
    plain['type'] = [plain['type'], 'null'];
    if (Array.isArray(plain['enum']) && !plain['enum'].includes(null)) plain['enum'] = [...plain['enum'], null];
    return plain;
  }
  return { anyOf: [{ type: 'null' }, plain] };
}

const fileName = createRequire(import.meta.url).resolve(SOURCE);
const description = JSON.parse(readFileSync(fileName, 'utf8')) as Node & {
  info: { version: string };
  paths: Record<string, Record<string, Node>>;
  components: Record<string, Record<string, Json>>;
  'x-webhooks': Record<string, { post: Node }>;
};

const components: Record<string, Record<string, Json>> = {};

/** Follows a `#/components/<kind>/<name>` reference to what it names. */
function resolve(value: Json): Node {
  if (!isNode(value)) throw new TypeError('Expected an object in the description.');
  if (typeof value['$ref'] !== 'string') return value;
  const [, , kind, name] = value['$ref'].split('/');
  return resolve(description.components[kind!]![name!]!);
}

/** Takes along every schema that is reached from here. */
function collect(value: Json): void {
  if (Array.isArray(value)) return value.forEach(collect);
  if (!isNode(value)) return;
  if (typeof value['$ref'] === 'string') {
    const [, , kind, name] = value['$ref'].split('/') as [string, string, string, string];
    components[kind] ??= {};
    if (components[kind][name] === undefined) {
      components[kind][name] = schemaOf(description.components[kind]![name]!);
      collect(components[kind][name]);
    }
  }
  Object.values(value).forEach(collect);
}

function jsonSchema(content: Json | undefined): Json {
  const media = isNode(content) ? content['application/json'] : undefined;
  return isNode(media) && media['schema'] !== undefined ? schemaOf(media['schema']) : null;
}

function operationOf(raw: Node): Json {
  const parameters = ((raw['parameters'] as Json[] | undefined) ?? []).map((entry) => {
    const parameter = resolve(entry);
    return {
      name: parameter['name']!,
      in: parameter['in']!,
      required: parameter['required'] === true,
      multiSegment: parameter['x-multi-segment'] === true,
      schema: schemaOf(parameter['schema'] ?? {}),
    };
  });
  const body = raw['requestBody'] ? resolve(raw['requestBody']) : undefined;
  const responses = Object.entries(raw['responses'] as Node)
    .filter(([status]) => status.startsWith('2'))
    .map(([status, response]) => [status, jsonSchema(resolve(response)['content'])] as const);
  return {
    parameters,
    body: body ? { required: body['required'] === true, schema: jsonSchema(body['content']) } : null,
    responses: Object.fromEntries(responses),
  };
}

const operations: Record<string, Json> = {};
for (const operation of OPERATIONS) {
  const [method, path] = operation.split(' ') as [string, string];
  const raw = description.paths[path]?.[method.toLowerCase()];
  if (!raw) throw new Error(`GitHub's description has no operation "${operation}".`);
  operations[operation] = operationOf(raw);
}

// Mended: the description says that each account in this list is a user *and* an enterprise, which
// nothing can be. One installation on its own is described well, so the list is a list of those.
(operations['GET /app/installations'] as Node)['responses'] = {
  '200': { type: 'array', items: { $ref: '#/components/schemas/installation' } },
};

const webhooks: Record<string, Json> = {};
for (const name of WEBHOOKS) {
  const raw = description['x-webhooks'][name];
  if (!raw) throw new Error(`GitHub's description has no webhook "${name}".`);
  webhooks[name] = jsonSchema(resolve(raw.post['requestBody']!)['content']);
}

collect(operations as Json);
collect(webhooks as Json);
const pruned = { source: `${SOURCE} ${description.info.version}`, operations, webhooks, components };
writeFileSync(new URL('../tests/fixtures/github-openapi.json', import.meta.url), `${JSON.stringify(pruned)}\n`);
