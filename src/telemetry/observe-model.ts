import { addUsage, NO_COST, NO_USAGE, type Cost, type Usage } from '../domain/pricing.ts';
import type { Agent, AroundRequest, CodeTask } from '../agent/port.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './port.ts';

type Observers = { metrics: Metrics; tracing: Tracing };

/** Watches the model's work: a span for each task, and what each of its requests used. */
export function observeAgent(agent: Agent, { metrics, tracing }: Observers): Agent {
  type Task = Pick<CodeTask, 'model' | 'onUsage'>;
  type Result = { outcome: string; reason?: string; requests: number; usage: Usage };
  const watch = <T extends Task, R extends Result>(name: string, task: T, work: (task: T) => Promise<R>): Promise<R> =>
    tracing.span(name, { attributes: { 'gen_ai.request.model': metrics.modelLabel(task.model) } }, async (span) => {
      let before: { usage: Usage; cost: Cost } = { usage: NO_USAGE, cost: NO_COST };
      const onUsage: typeof task.onUsage = (usage, cost) => {
        metrics.spent(task.model, minus(usage, before.usage), {
          ...cost,
          usd: (cost.usd ?? 0) - (before.cost.usd ?? 0),
        });
        before = { usage, cost };
        task.onUsage?.(usage, cost);
      };
      const result = await work({ ...task, onUsage });
      span.set({
        'nofx.outcome': result.reason ?? result.outcome,
        'nofx.model.requests': result.requests,
        'gen_ai.usage.input_tokens': result.usage.inputTokens,
        'gen_ai.usage.output_tokens': result.usage.outputTokens,
      });
      return result;
    });
  return {
    writeCode: (task) => watch('model task', task, agent.writeCode),
    priceOf: agent.priceOf,
    plan: (task) => watch('model plan', task, agent.plan),
  };
}

function minus(total: Usage, before: Usage): Usage {
  return addUsage(total, Object.fromEntries(Object.entries(before).map(([kind, count]) => [kind, -count])) as Usage);
}

/** Watches each request to the model, until the last byte of its reply has been read or it was given up. */
export function observeModelRequests({ metrics, tracing }: Observers): AroundRequest {
  return (model, send) => {
    const attributes = { 'gen_ai.request.model': metrics.modelLabel(model) };
    const answered = Promise.withResolvers<Response>();
    const watched = tracing.span('model request', { kind: 'client', attributes }, async (span) => {
      const started = performance.now();
      let status = 'none';
      try {
        const { response, ended } = await send();
        status = String(response.status);
        span.set({ 'http.response.status_code': response.status });
        answered.resolve(response);
        await ended;
      } catch (error) {
        answered.reject(error);
        throw error;
      } finally {
        metrics.modelRequest(model, status, (performance.now() - started) / 1000);
      }
    });
    // Whoever asked hears of it through `answered`.
    watched.catch(() => {});
    return answered.promise;
  };
}
