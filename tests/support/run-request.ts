import { RunConfig } from '../../src/domain/run-config.ts';
import type { RunRequest } from '../../src/runs/open-run.ts';

/** A request for a run on a repository that is only a row: for tests of the engine itself. */
export function runRequest(overrides: Partial<RunRequest> = {}): RunRequest {
  return {
    project: {
      id: 'gh_7',
      name: 'acme/text-kit',
      repoUrl: 'https://github.example/acme/text-kit.git',
      localPath: null,
      workspaceMode: 'worktree',
      gitMode: 'basic',
      defaultBranch: 'main',
      installationId: 1,
      repositoryId: 7,
    },
    plan: { goal: 'Add a helper', steps: [{ name: 'a', tool: 'codegen', inputs: { prompt: 'add a helper' } }] },
    source: {
      kind: 'issue',
      repository: 'acme/text-kit',
      installationId: 1,
      repositoryId: 7,
      requester: { login: 'mona', id: 2 },
      prompt: 'add a helper',
      issue: { number: 3, title: 'Add a helper', body: '', url: 'https://github.example/acme/text-kit/issues/3' },
      commentId: 11,
    },
    config: RunConfig.parse({}),
    model: 'claude-sonnet-5-5',
    maxCostUsd: 5,
    baseRef: 'main',
    baseSha: 'a'.repeat(40),
    triggerKey: 'comment:11',
    ...overrides,
  };
}
