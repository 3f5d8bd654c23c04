import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import { adminOnly } from '../api/access.ts';
import { invalid, problemOf } from '../api/problem.ts';
import { createProjectActions } from '../api/project-actions.ts';
import { NewProject, ProjectChange } from '../api/project-requests.ts';
import { listProjects, listRunsToDelete } from '../db/projects.ts';
import { countRuns } from '../db/run-list.ts';
import type { PageDeps, PageEnv } from './env.ts';
import { show } from './layout.ts';
import { tell, tellRefused, wordsOf } from './notice.ts';
import { projectDeletePage } from './project-delete-page.ts';
import { newProjectPage, projectPage, type Filled } from './project-page.ts';
import { projectsPage } from './projects-page.ts';
import { count } from './words.ts';

/** So many are looked at for one page: for each of them GitHub is asked whether one may read it. */
const MOST = 50;

/** So many runs are counted before one is asked whether they shall go. */
const MOST_RUNS = 1_000;

/** The projects that one may read, and what is settled for them. */
export function projectRoutes(pages: Hono<PageEnv>, deps: PageDeps): void {
  const { db, access } = deps;
  const actions = createProjectActions(deps);

  pages.get('/ui/projects', async (c) => {
    const principal = c.get('principal')!;
    const rows = await listProjects(db, { after: c.req.query('after'), limit: MOST + 1 });
    const looked = rows.slice(0, MOST);
    return show(c, {
      title: 'Projects',
      active: '/ui/projects',
      body: projectsPage({
        projects: await access.readable(principal, looked),
        next: rows.length > MOST ? looked.at(-1)!.id : null,
        mayAdd: principal.kind === 'admin',
      }),
    });
  });

  pages.get('/ui/projects/new', (c) => {
    adminOnly(c.get('principal')!);
    return showNew(c, { values: {}, mistakes: {} });
  });

  pages.post('/ui/projects', async (c) => {
    const values = await fieldsOf(c);
    try {
      const project = await actions.add(c.get('principal')!, parse(NewProject, given(values)));
      tell(c, deps, { kind: 'done', text: `${project.name} was added. Look whether it can be reached.` });
      return c.redirect(`/ui/projects/${project.id}`, 303);
    } catch (error) {
      return showNew(c, refused(error, values));
    }
  });

  pages.get('/ui/projects/:projectId', (c) => showProject(c, c.req.param('projectId')));

  pages.post('/ui/projects/:projectId', async (c) => {
    const values = await fieldsOf(c);
    const { token_env: token, default_branch: branch, ...rest } = values;
    // An empty field takes back what was settled; one that is not in the form leaves it alone.
    const emptied = { ...(token !== undefined && { token_env: token || null }), default_branch: branch || null };
    try {
      const wanted = parse(ProjectChange, { ...given(rest), ...emptied });
      const project = await actions.change(c.get('principal')!, c.req.param('projectId'), wanted);
      tell(c, deps, { kind: 'done', text: 'That holds from the next run on.' });
      return c.redirect(`/ui/projects/${project.id}`, 303);
    } catch (error) {
      return showProject(c, c.req.param('projectId'), refused(error, values));
    }
  });

  pages.post('/ui/projects/:projectId/sync', async (c) => {
    const id = c.req.param('projectId');
    try {
      const { branch, head } = await actions.sync(c.get('principal')!, id);
      tell(c, deps, { kind: 'done', text: `It can be reached: ${branch} is at ${head.slice(0, 8)}.` });
    } catch (error) {
      tellRefused(c, deps, error);
    }
    return c.redirect(`/ui/projects/${id}`, 303);
  });

  pages.get('/ui/projects/:projectId/delete', async (c) => {
    const principal = c.get('principal')!;
    const project = await access.project(principal, c.req.param('projectId'));
    if (!(await actions.may(principal, project)).remove) return c.redirect(`/ui/projects/${project.id}`, 303);
    const [first] = await listRunsToDelete(db, project.id, 1);
    const runs = await countRuns(db, { projectId: project.id }, MOST_RUNS);
    return show(c, {
      title: `Delete ${project.name}`,
      active: '/ui/projects',
      body: projectDeletePage({
        project,
        runs: runs === 0 ? null : count(runs, 'run') + (runs === MOST_RUNS ? ' or more' : ''),
        isBusy: first?.endedAt === null,
        formToken: c.get('formToken'),
      }),
    });
  });

  pages.post('/ui/projects/:projectId/delete', async (c) => {
    const id = c.req.param('projectId');
    const withRuns = (await fieldsOf(c))['runs'] === 'delete';
    try {
      const { name } = await actions.remove(c.get('principal')!, id, { withRuns });
      tell(c, deps, { kind: 'done', text: `${name} was deleted.` });
      return c.redirect('/ui/projects', 303);
    } catch (error) {
      tellRefused(c, deps, error);
      return c.redirect(`/ui/projects/${id}/delete`, 303);
    }
  });

  function showNew(c: Context<PageEnv>, filled: Filled) {
    const isRefused = filled.problem !== undefined;
    const body = newProjectPage(filled, c.get('formToken'));
    return show(c, { title: 'Add a project', active: '/ui/projects', body }, isRefused ? 422 : 200);
  }

  async function showProject(c: Context<PageEnv>, id: string, filled?: Filled) {
    const principal = c.get('principal')!;
    const project = await access.project(principal, id);
    const may = await actions.may(principal, project);
    const body = projectPage({ project, may, filled, formToken: c.get('formToken') });
    return show(c, { title: project.name, active: '/ui/projects', body }, filled ? 422 : 200);
  }
}

/** The fields of a form, as they were written. */
async function fieldsOf(c: Context<PageEnv>): Promise<Record<string, string>> {
  const { form: _, ...fields } = await c.req.parseBody();
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

const given = (fields: Record<string, string>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ''));

function parse<T>(schema: z.ZodType<T>, fields: Record<string, unknown>): T {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  throw invalid('json', parsed.error);
}

/** The form again, with what is wrong beside its fields; what is no mistake of the form goes on as it is. */
function refused(error: unknown, values: Record<string, string>): Filled {
  const problem = problemOf(error);
  const { kind, facts } = problem;
  if (kind !== 'invalid' && kind !== 'conflict' && kind !== 'refused') throw error;
  const mistakes: Record<string, string> = {};
  for (const { field, message: what } of facts.errors ?? [])
    mistakes[field] ??= what.startsWith('Invalid input') ? 'is needed' : what;
  // Somebody may have written the token itself: it is not shown again.
  const shown = mistakes['token_env'] ? { ...values, token_env: '' } : values;
  return {
    values: shown,
    mistakes,
    problem: kind === 'invalid' ? 'Nothing was saved: see what is marked below.' : wordsOf(problem),
  };
}
