export type Sample = { name: string; labels: Record<string, string>; value: number };
export type Exposition = {
  samples: Sample[];
  /** the one value of a series; undefined where there is none */
  value(name: string, labels?: Record<string, string>): number | undefined;
  /** every value a label takes, over all metrics of ours */
  labelValues(): string[];
};

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

/**
 * Reads the text format as strictly as Prometheus does, and fails where it would:
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line must end in a line feed');
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  for (const line of text.split('\n').filter(Boolean)) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name, rest] = comment as unknown as [string, string, string, string];
      const known = kind === 'HELP' ? helped : types;
      if (known.has(name)) throw new Error(`${kind} twice: ${name}`);
      if (kind === 'HELP') helped.add(name);
      else if (TYPES.includes(rest)) types.set(name, rest);
      else throw new Error(`no such type: ${line}`);
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample) throw new Error(`neither a comment nor a sample: ${line}`);
    const [, name, labelText, valueText] = sample as unknown as [string, string, string | undefined, string];
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    if (!types.has(family) || !helped.has(family)) throw new Error(`a sample before its type and help: ${line}`);
    const value =
      valueText === '+Inf' ? Infinity : valueText === 'Nan' || valueText === 'NaN' ? Number.NaN : Number(valueText);
    if (Number.isNaN(value) && valueText.toLowerCase() !== 'nan') throw new Error(`no number: ${line}`);
    const labels = parseLabels(labelText ?? '');
    const pairs = Object.entries(labels).map((pair) => pair.join('\0'));
    const key = [name, ...pairs.sort((a, b) => (a < b ? -1 : 1))].join('\0');
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    samples.push({ name, labels, value });
  }
  return {
    samples,
    value(name, labels = {}) {
      const fits = (sample: Sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
      const found = samples.filter(fits);
      if (found.length > 1) throw new Error(`${found.length} series of ${name} fit`);
      return found[0]?.value;
    },
    labelValues: () => [
      ...new Set(
        samples
          .filter(({ name }) => name.startsWith('nofx_'))
          .flatMap(({ labels }) => Object.entries(labels).flatMap(([label, value]) => (label === 'le' ? [] : [value]))),
      ),
    ],
  };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
  while (pair.lastIndex < text.length) {
    const found = pair.exec(text);
    if (!found) throw new Error(`labels that cannot be read: ${text}`);
    const [, name, value] = found as unknown as [string, string, string];
    if (name in labels) throw new Error(`a label twice: ${text}`);
    labels[name] = value.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}
