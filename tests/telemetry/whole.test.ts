import { it } from 'vitest';
import { demoScript } from '../../src/playground/demo-script.ts';
import { startHarness } from '../support/harness.ts';
import { startCollector } from '../support/collector.ts';

it('shows', async () => {
  const collector = await startCollector();
  const nofx = await startHarness({ script: demoScript, environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  await nofx.comment('/nofx add a slugify helper with tests');
  await nofx.drain();
  console.log(await (await fetch(`${nofx.nofx.url}/metrics`)).text());
  await nofx.stop();
  const print = (parent: string | undefined, depth: number) => {
    for (const span of collector.spans.filter((each) => each.parentSpanId === parent)) {
      console.log(' '.repeat(depth * 2) + span.name, span.traceId.slice(0, 6), JSON.stringify(span.attributes));
      print(span.spanId, depth + 1);
    }
  };
  print(undefined, 0);
  console.log(collector.spans.length, new Set(collector.spans.map((s) => s.traceId)).size);
  await collector.stop();
});
