import { expect } from 'vitest';
import { upsertProjects } from '../../src/db/projects.ts';
import type { ModelPlan } from '../../src/domain/model-plan.ts';
import type { PlanStep } from '../../src/domain/plan.ts';
import { turn, type Script } from '../../src/playground/model.ts';
import { PASSING, type Harness, type Repository } from './harness.ts';

export const PASSWORD = 'a password of the tests';
const admin = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };

const LINES = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** The file `list.md` of every repository here, with some of its lines changed. */
export const list = (change: Record<string, string> = {}) => LINES.map((line) => `${change[line] ?? line}\n`).join('');

/** A step of code: the model writes `notes.md` for `WRITE notes.md`, and changes a line of the list for `WRITE list.md 5`. */
export const code = (name: string, prompt: string): PlanStep => ({ name, tool: 'codegen', inputs: { prompt } });

/** A git operation as a step, called by its name unless told. */
export const git = (operation: string, inputs: Record<string, unknown> = {}, name = operation): PlanStep => ({
  name,
  tool: 'git_ops',
  inputs: { operation, ...inputs },
});

export const gate: PlanStep = { name: 'test', tool: 'gate:test', inputs: { fromStep: 'commit' } };
export const pullRequest = (fromStep = 'commit'): PlanStep => ({ name: 'pr', tool: 'git_pr', inputs: { fromStep } });

/** What is asked of the API by the admin. */
export async function post({ nofx }: Harness, path: string, body: unknown) {
  const answer = await fetch(nofx.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...admin },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** A repository that NOFX knows, and in which plans are tried. `meanwhile` happens while the model is at work. */
export async function openForPlans(
  nofx: Harness,
  { mode = 'advanced', config = PASSING, meanwhile = async (_kit: Repository) => {} } = {},
) {
  const planned: ModelPlan[] = [];
  const model: Script = async ({ turn: step, prompt, structured }) => {
    if (structured) return turn.json(planned[0]);
    const [, path, line] = /WRITE (\S+)(?: (\d))?/.exec(prompt) ?? [];
    if (step > 0) return turn.text(`Writes ${path}.`);
    // What a gate has found is mended with the words of the whole run.
    if (path === undefined) return turn.tool('write', { file_path: 'notes.md', content: 'Mended.\n' });
    await meanwhile(kit);
    const content = line ? list({ [line]: `${line} of ours` }) : 'Noted.\n';
    return turn.tool('write', { file_path: path, content });
  };
  const files = { 'list.md': list(), 'old.md': 'Old.\n' };
  const kit = await nofx.repository({ files, config: `git_mode: ${mode}\n${config}`, model });
  const projectId = `gh_${kit.id}`;
  await upsertProjects(nofx.nofx.database.db, [
    {
      id: projectId,
      name: kit.name,
      repoUrl: `${nofx.github.url}/${kit.name}.git`,
      localPath: null,
      workspaceMode: 'worktree',
      gitMode: 'basic',
      defaultBranch: 'main',
      installationId: kit.installationId,
      repositoryId: kit.id,
    },
  ]);

  /** A run, with nothing left to do. */
  const end = async (id: unknown) => {
    await kit.drain();
    return kit.detailsOf((await kit.runs()).find((run) => run.id === id)!);
  };

  return Object.assign(kit, {
    projectId,
    /** what the model plans */
    planned,
    end,
    /** A run of a plan, to its end. */
    async plan(...steps: PlanStep[]) {
      const { body, status } = await post(nofx, '/runs', { plan: { goal: 'Do as planned', steps }, projectId });
      expect(status, JSON.stringify(body)).toBe(201);
      return end(body['id']);
    },
    show: (rev: string, format: string) => kit.git('log', '-1', `--format=${format}`, rev).trim(),
    changed: (from: string, to: string) => kit.git('diff', '--name-only', from, to).trim().split('\n'),
  });
}
