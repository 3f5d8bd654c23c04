import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createGitHubStandIn } from '../src/playground/github-stand-in.ts';
import type { RepositoryAccess } from '../src/workspace/port.ts';
import { createWorkspaces } from '../src/workspace/manager.ts';
import { generateRepository } from './repository.ts';
import { spread, type Spread } from './stats.ts';

export type WorkspaceFigures = { what: string; time: Spread; besides: string | null; ratio: number | null };
export type WorkspaceOptions = { files: number; commits: number; rounds: number };

const run = promisify(execFile);
/** The server is on this machine. */
const findRoute = async () => ({ ok: true, addresses: null }) as const;

/**
 * Making a run's workspace, beside what git alone takes for the same files from the same server: over
 * HTTP for the first one, from objects that are here already for the next.
 */
export async function measureWorkspaces({ files, commits, rounds }: WorkspaceOptions): Promise<WorkspaceFigures[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nofx-bench-'));
  const github = await createGitHubStandIn();
  const env = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' };
  const git = (...args: string[]) => run('git', args, { env, cwd: folder });
  const times = {
    clone: [] as number[],
    cold: [] as number[],
    worktree: [] as number[],
    warm: [] as number[],
    again: [] as number[],
  };
  try {
    const source = await generateRepository(join(folder, 'source'), { files, commits });
    const repository = await github.createRepository({ owner: 'acme', name: 'large', from: source });
    const access = (id: string): RepositoryAccess => ({
      project: {
        id,
        name: 'acme/large',
        repoUrl: repository.cloneUrl,
        localPath: null,
        workspaceMode: 'worktree',
        defaultBranch: 'main',
      },
      credentials: () => Promise.resolve(null),
    });
    const { stdout } = await git('-C', source, 'rev-parse', 'main');
    const base = stdout.trim();
    const workspaces = createWorkspaces({
      root: join(folder, 'root'),
      path: env.PATH ?? '',
      allowHttp: true,
      findRoute,
    });
    await git('clone', '--quiet', '--bare', '--depth=1', '--', repository.cloneUrl, join(folder, 'bare.git'));

    for (let round = -1; round < rounds; round += 1) {
      // The first round warms up what is cached.
      const timed = async (list: number[], work: () => Promise<unknown>) => {
        const began = performance.now();
        await work();
        if (round >= 0) list.push(performance.now() - began);
      };
      const project = access(`project${round + 1}`);
      const open = (key: string) => workspaces.openWorkspace(project, { key, base, branch: `nofx/${key}` });
      await timed(times.clone, () =>
        git('clone', '--quiet', '--depth=1', '--', repository.cloneUrl, join(folder, `clone${round}`)),
      );
      await timed(times.cold, () => open('first'));
      await timed(times.worktree, () =>
        git(
          '--git-dir',
          join(folder, 'bare.git'),
          'worktree',
          'add',
          '--quiet',
          '-b',
          `nofx/${round + 1}`,
          join(folder, `worktree${round}`),
          base,
        ),
      );
      await timed(times.warm, () => open('second'));
      await timed(times.again, () => open('second'));
      await Promise.all(['first', 'second'].map((key) => workspaces.removeWorkspace(project, key)));
      for (const name of ['clone', 'worktree']) await rm(join(folder, `${name}${round}`), { recursive: true });
      await git('--git-dir', join(folder, 'bare.git'), 'worktree', 'prune');
    }
  } finally {
    await github.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  return figures(times);
}

function figures(times: Record<'clone' | 'cold' | 'worktree' | 'warm' | 'again', number[]>): WorkspaceFigures[] {
  const [clone, worktree] = [spread(times.clone), spread(times.worktree)];
  const beside = (what: string, list: number[], name: string, measure: Spread): WorkspaceFigures => {
    const time = spread(list);
    return { what, time, besides: name, ratio: time.median / measure.median };
  };
  return [
    { what: 'git clone --depth 1', time: clone, besides: null, ratio: null },
    beside('workspace, new mirror', times.cold, 'git clone --depth 1', clone),
    { what: 'git worktree add', time: worktree, besides: null, ratio: null },
    beside('workspace, mirror is there', times.warm, 'git worktree add', worktree),
    beside('the same workspace once more', times.again, 'git worktree add', worktree),
  ];
}
