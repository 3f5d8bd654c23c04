import { finishDelivery } from '../db/deliveries.ts';
import { claimStep } from '../db/steps.ts';
import { abandonMessage } from '../outbox/deliver.ts';
import type { ClaimedJob } from '../queue/jobs.ts';
import type { Deps } from './deps.ts';
import { finishStep } from './finish-step.ts';

/** Closes what a dead-lettered job left open, so that no run waits for ever on a job that is gone. */
export async function closeDead(deps: Deps, job: ClaimedJob<'dead'>): Promise<void> {
  const { guid, stepId, messageId } = job.data;
  if (guid) await finishDelivery(deps.db, guid, 'failed: gave up after its retries');
  if (messageId) await abandonMessage(deps, messageId);
  if (!stepId) return;
  // Claimed like any job of the step: from here on a worker that comes back late is refused.
  const step = await claimStep(deps.db, stepId, { job: job.id, retry: job.retry });
  if (step === null) return;
  const failure = {
    kind: 'internal',
    message: `Step "${step.name}" took its worker down again and again and was given up.`,
    next: `Comment \`/nofx retry\`; if it happens again, report the run ${step.runId} to whoever runs this NOFX.`,
  } as const;
  await finishStep(deps, step, { status: 'failed', failure });
}
