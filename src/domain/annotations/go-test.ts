import { indent, joinLines, place, type Finding, type Place } from './finding.ts';

const LOG = /^\s+([^\s:/]+\.go):(\d{1,7}): ?(.*)$/;
const COMPILE = /^(?:vet: )?(\.{0,2}[^\s:]+\.go):(\d{1,7}):(?:\d{1,7}:)? (.+)$/;
const RESULT = /^\s*--- (FAIL|PASS|SKIP|BENCH): (\S+)/;
const RUNNING = /^=== (?:RUN|NAME|CONT|PAUSE)\s+(\S+)/;

/**
 * `go test`, with and without `-v`, and what the compiler and vet say before it. A test's lines name files without
 * their folder; the package is told behind them. https://pkg.go.dev/cmd/go#hdr-Test_packages
 */
export function goTest(lines: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  /** Of the package that is being told. */
  let open: Finding[] = [];
  /** With `-v` lines come before it is known whether their test fails. */
  let pending = new Map<string, Finding[]>();
  let test: { name: string; state: 'running' | 'FAIL' | 'over' } | null = null;
  let log: { finding: Finding; depth: number; lines: string[] } | null = null;
  let panic: { message: string; places: Place[]; goroutines: number } | null = null;

  const note = (finding: Finding) => {
    if (test?.state === 'FAIL') open.push(finding);
    else if (test?.state === 'running') {
      const before = pending.get(test.name);
      if (before) before.push(finding);
      else pending.set(test.name, [finding]);
    }
  };
  const closeLog = () => {
    if (log) log.finding.message = joinLines(log.lines);
    log = null;
  };
  const closePackage = (within: string) => {
    closeLog();
    if (panic)
      open.push({ places: panic.places, level: 'failure', title: test?.name ?? 'panic', message: panic.message });
    for (const finding of open) findings.push({ within, ...finding });
    [open, pending, test, panic] = [[], new Map(), null, null];
  };

  for (const line of lines) {
    const found = LOG.exec(line);
    if (log && !found && indent(line) > log.depth && line.trim() !== '') {
      log.lines.push(line.trimStart());
      continue;
    }
    closeLog();
    const result = RESULT.exec(line);
    const running = RUNNING.exec(line)?.[1];
    const compile = COMPILE.exec(line);
    if (found && test) {
      const finding: Finding = {
        places: [place(found[1]!, found[2]!)],
        level: 'failure',
        title: test.name,
        message: found[3]!,
      };
      log = { finding, depth: indent(line), lines: [found[3]!] };
      note(finding);
    } else if (result) {
      const [, state, name] = result;
      if (state === 'FAIL') for (const finding of pending.get(name!) ?? []) open.push(finding);
      pending.delete(name!);
      test = { name: name!, state: state === 'FAIL' ? 'FAIL' : 'over' };
    } else if (running) test = { name: running, state: 'running' };
    else if (line.startsWith('panic: ') && !panic) {
      panic = { message: line.replace(/ \[recovered.*\]$/, ''), places: [], goroutines: 0 };
    } else if (panic && line.startsWith('goroutine ')) panic.goroutines += 1;
    else if (panic && panic.goroutines <= 1 && /^\t\S+\.go:\d/.test(line)) {
      const [, path, number] = /^\t(\S+\.go):(\d{1,7})/.exec(line) ?? [];
      if (path && number) panic.places.push(place(path, number));
    } else if (compile) {
      findings.push({ places: [place(compile[1]!, compile[2]!)], level: 'failure', message: compile[3]! });
    } else if (/^(?:FAIL|ok)\s/.test(line)) closePackage(line.split(/\s+/)[1]!);
  }
  closePackage('');
  return findings;
}
