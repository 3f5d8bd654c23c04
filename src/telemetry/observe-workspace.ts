import type { Sandbox, Scratch, Workspace, Workspaces } from '../workspace/port.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './port.ts';

/** Watches what git is asked for: a span for each, named by what it is for. */
export function observeWorkspaces(workspaces: Workspaces, { tracing }: { tracing: Tracing }): Workspaces {
  if (!tracing.on) return workspaces;
  const git = <T>(name: string, work: () => Promise<T>) => tracing.span(`git ${name}`, {}, work);
  const scratch = (opened: Scratch): Scratch => ({
    ...opened,
    readChanges: (signal) => git('read changes', () => opened.readChanges(signal)),
  });
  const workspace = (opened: Workspace): Workspace => ({
    ...opened,
    commit: (changes, meta) => git('commit', () => opened.commit(changes, meta)),
  });
  return {
    ...workspaces,
    resolve: (access, ref) => git('resolve', () => workspaces.resolve(access, ref)),
    head: (access) => git('head', () => workspaces.head(access)),
    readBase: (access, base) => git('read base', () => workspaces.readBase(access, base)),
    openScratch: async (access, options) =>
      scratch(await git('open scratch', () => workspaces.openScratch(access, options))),
    openWorkspace: async (access, options) =>
      workspace(await git('open workspace', () => workspaces.openWorkspace(access, options))),
    push: (access, options) => git('push', () => workspaces.push(access, options)),
    removeWorkspace: (access, key) => git('remove workspace', () => workspaces.removeWorkspace(access, key)),
  };
}

/** Watches the commands of repositories. What they are is not told: people write them. */
export function observeSandbox(
  sandbox: Sandbox,
  { metrics, tracing }: { metrics: Metrics; tracing: Tracing },
): Sandbox {
  return {
    ...sandbox,
    run: (command) =>
      tracing.span('sandbox command', { attributes: { 'nofx.sandbox': sandbox.kind } }, async (span) => {
        const started = performance.now();
        let outcome = 'refused';
        try {
          const result = await sandbox.run(command);
          outcome = result.outcome === 'exited' && result.exitCode !== 0 ? 'failed' : result.outcome;
          span.set({ 'nofx.exit_code': result.exitCode ?? undefined });
          return result;
        } finally {
          span.set({ 'nofx.outcome': outcome });
          metrics.sandboxCommand(outcome, (performance.now() - started) / 1000);
        }
      }),
  };
}
