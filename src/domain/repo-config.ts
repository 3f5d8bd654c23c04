import { distance } from 'fastest-levenshtein';
import { isMap, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { GitMode } from './project.ts';

/** `.github/nofx.yml`, always read from the base branch. */
export const REPO_CONFIG_PATH = '.github/nofx.yml';

const oneCommand = z
  .string()
  .trim()
  .min(1, 'must name a command')
  .max(2_000)
  .refine((text) => !text.includes('\0'), 'must not hold a NUL character');

const Gate = z
  .union([
    oneCommand,
    z.strictObject({ command: oneCommand, timeout_minutes: z.number().positive().max(360).optional() }),
  ])
  .transform((gate) =>
    typeof gate === 'string' ? { command: gate } : { command: gate.command, timeoutMinutes: gate.timeout_minutes },
  );

const domain = z
  .string()
  .regex(
    /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i,
    'must be a host name such as registry.example.com',
  );

const Setup = z
  .union([
    oneCommand,
    z.strictObject({
      command: oneCommand,
      allow_scripts: z.boolean().optional(),
      domains: z.array(domain).max(50).optional(),
    }),
  ])
  .transform((setup) =>
    typeof setup === 'string'
      ? { command: setup, allowScripts: false, domains: [] as string[] }
      : { command: setup.command, allowScripts: setup.allow_scripts ?? false, domains: setup.domains ?? [] },
  );

/** What a repository may settle for itself. Everything is optional. */
export const RepoConfig = z
  .strictObject({
    /** The commands a change must pass, by name. */
    gates: z.strictObject({ test: Gate.optional() }).optional(),
    /** Run before the gates, e.g. `npm ci`. */
    setup: Setup.optional(),
    git_mode: GitMode.optional(),
    /** The branch to work from, instead of the default branch. */
    base: z
      .string()
      .regex(/^(?!-)(?!.*(?:\.\.|@\{|\/\/|\.lock(?:\/|$)))[^\s~^:?*[\\\p{Cc}]+$/u, 'must be a branch name')
      .max(200)
      .optional(),
    /** Opens pull requests as drafts. */
    draft: z.boolean().optional(),
    model: z
      .string()
      .regex(/^[\w.:@/-]{1,100}$/, 'must be a model id')
      .optional(),
    /** The label that starts a run, instead of `nofx`. */
    label: z.string().trim().min(1).max(50).optional(),
  })
  .transform(({ git_mode, ...rest }): typeof rest & { gitMode?: GitMode } =>
    git_mode === undefined ? rest : { ...rest, gitMode: git_mode },
  );
export type RepoConfig = z.infer<typeof RepoConfig>;

/** `line` counts from 1. */
export type ConfigProblem = { line: number; message: string };
export type RepoConfigResult = { ok: true; value: RepoConfig } | { ok: false; errors: ConfigProblem[] };

/** Parses the file's text. Every mistake is reported at once, in the order of the file. */
export function parseRepoConfig(text: string): RepoConfigResult {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  const lineAt = (offset: number) => Math.max(1, counter.linePos(offset).line);
  if (document.errors.length > 0) {
    return failed(document.errors.map((error) => ({ line: lineAt(error.pos[0]), message: error.message })));
  }

  let value: unknown;
  try {
    // Few aliases: an honest file has none, a "billion laughs" file has many.
    value = document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    return failed([{ line: 1, message: error instanceof Error ? error.message : String(error) }]);
  }

  const parsed = RepoConfig.safeParse(value ?? {});
  if (parsed.success) return { ok: true, value: parsed.data };
  return failed(
    parsed.error.issues.flatMap(leaves).map(({ path, message, key }) => ({
      line: lineAt(offsetOf(document, key === undefined ? path : [...path, key])),
      message: path.length > 0 ? `${path.join('.')}: ${message}` : message,
    })),
  );
}

function failed(errors: ConfigProblem[]): RepoConfigResult {
  return { ok: false, errors: errors.toSorted((a, b) => a.line - b.line) };
}

type Issue = z.core.$ZodIssue;
type Leaf = { path: PropertyKey[]; message: string; key?: string };

/** Unfolds unions (text or object) into what is wrong with the form that was meant. */
function leaves(issue: Issue): Leaf[] {
  if (issue.code === 'invalid_union') {
    const forms = issue.errors.map((errors) =>
      errors.filter((error) => !(error.code === 'invalid_type' && error.path.length === 0)),
    );
    const meant = issue.errors.findIndex((errors, i) => errors.length > 0 && forms[i]!.length === errors.length);
    if (meant >= 0) return forms[meant]!.flatMap((inner) => leaves({ ...inner, path: [...issue.path, ...inner.path] }));
    return [{ path: issue.path, message: 'must be a command, or an object with `command`' }];
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: issue.path, key, message: unknownKey(key, issue.path) }));
  }
  return [{ path: issue.path, message: issue.message }];
}

const keysAt: Record<string, string[]> = {
  '': ['gates', 'setup', 'git_mode', 'base', 'draft', 'model', 'label'],
  gates: ['test'],
  'gates.test': ['command', 'timeout_minutes'],
  setup: ['command', 'allow_scripts', 'domains'],
};

function unknownKey(key: string, path: PropertyKey[]): string {
  const known = keysAt[path.join('.')] ?? [];
  const nearest = known.map((name) => ({ name, edits: distance(key, name) })).sort((a, b) => a.edits - b.edits)[0];
  const hint =
    nearest && nearest.edits <= Math.max(2, Math.floor(nearest.name.length / 3))
      ? `Did you mean "${nearest.name}"?`
      : `Known here: ${known.join(', ')}.`;
  return `unknown key "${key}". ${hint}`;
}

/** Where in the text the key of that path stands; its nearest known ancestor otherwise. */
function offsetOf(document: Document, path: PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = document.getIn(path.slice(0, depth - 1), true);
    const owner = depth === 1 ? document.contents : parent;
    const key = path[depth - 1];
    if (isMap(owner)) {
      const pair = owner.items.find(
        (item) => String((item.key as { value?: unknown })?.value ?? item.key) === String(key),
      );
      const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range;
      if (range) return range[0];
    }
    const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}
