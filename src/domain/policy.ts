import { z } from 'zod';
import type { Policy } from './plan.ts';
import type { Failure } from './run.ts';

/** Secrets a handler may need. A step gets only those its policy leaves it. */
export type SecretName = 'model' | 'github';

const RequestedEnv = z.union([z.array(z.string()), z.record(z.string(), z.string())]);

/**
 * Whether a step may run as its policy stands. Null when it may; otherwise the failure to show.
 * `needs` are the secrets its handler declares.
 */
export function checkPolicy(
  step: { name: string; tool: string; inputs: Record<string, unknown> },
  policy: Policy,
  needs: readonly SecretName[],
): Failure | null {
  const { tools_allowed: tools = [], env_allowed: env = [], secrets_scope: scope = 'all' } = policy;
  if (tools.length > 0 && !tools.includes(step.tool)) {
    return refuse(step.name, `its policy does not allow the tool "${step.tool}" (allowed: ${tools.join(', ')})`);
  }
  const requested = RequestedEnv.safeParse(step.inputs['env'] ?? []);
  if (!requested.success) return refuse(step.name, '`env` must list variable names, or map names to values');
  const names = Array.isArray(requested.data) ? requested.data : Object.keys(requested.data);
  const foreign = names.filter((name) => !env.includes(name));
  if (foreign.length > 0) {
    return refuse(step.name, `its policy does not allow the environment variables ${foreign.join(', ')}`);
  }
  const granted = scope.split(',').map((part) => part.trim());
  const withheld = granted.includes('all') ? [] : needs.filter((secret) => !granted.includes(secret));
  if (withheld.length > 0) {
    return refuse(step.name, `its secrets_scope "${scope}" withholds ${withheld.join(', ')}, which ${step.tool} needs`);
  }
  return null;
}

function refuse(step: string, reason: string): Failure {
  return {
    kind: 'policy',
    message: `Step "${step}" was not run: ${reason}.`,
    next: 'Change the plan or the policy, then start again.',
  };
}
