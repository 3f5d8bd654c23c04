/**
 * An `.env` file with these variables in it: lines that set one of them are changed where they stand, the rest is kept as
 * it is, what is new goes to the end.
 */
export function withVariables(text: string, variables: Record<string, string>): string {
  const left = new Map(Object.entries(variables));
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const kept = lines.map((line) => {
    const name = /^\s*(?:export\s+)?([A-Z_]\w*)\s*=/i.exec(line)?.[1];
    const value = name === undefined ? undefined : variables[name];
    if (name === undefined || value === undefined) return line;
    left.delete(name);
    return assignment(name, value);
  });
  return [...kept, ...[...left].map(([name, value]) => assignment(name, value)), ''].join('\n');
}

/** A line of `.env`, quoted where it must be. */
function assignment(name: string, value: string): string {
  const quote = /^[\w./:@+-]*$/.test(value) ? '' : (["'", '`', '"'].find((one) => !value.includes(one)) ?? '');
  return `${name}=${quote}${value}${quote}`;
}
