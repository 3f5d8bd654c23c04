import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { alive, longSleep, openSandboxHere } from './sandbox.ts';

const { confined, run, why } = await openSandboxHere();

describe.skipIf(!confined)(`bubblewrap${why}`, () => {
  it('stops an endless command, and its daemons with it', async () => {
    const command = longSleep();
    const result = await run(`echo begun; (setsid sh -c 'nohup ${command} >/dev/null 2>&1 &'); ${command}`, {
      limits: { timeMs: 700 },
    });
    expect(result).toMatchObject({ outcome: 'timed_out', exitCode: null });
    expect(result.output).toMatch(/^begun\n\[stopped after 1 s\]/);
    expect(alive(command)).toBe(false);
  });

  it('leaves no daemon behind after a normal end', async () => {
    const command = longSleep();
    const result = await run(`(setsid sh -c 'nohup ${command} &') ; echo done`);
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0 });
    expect(alive(command)).toBe(false);
  });

  it('is aborted within two seconds', async () => {
    const controller = new AbortController();
    const command = longSleep();
    const running = run(`trap '' TERM INT HUP; ${command} & ${command}`, { signal: controller.signal });
    while (!alive(command)) await sleep(10);
    controller.abort();
    const stopped = await Promise.race([running, sleep(2000).then(() => null)]);
    expect(stopped).toMatchObject({ outcome: 'aborted', exitCode: null });
    expect(alive(command)).toBe(false);
  });

  it('stops a fork bomb', async () => {
    const result = await run('bomb() { bomb | bomb & }; bomb; sleep 100', {
      limits: { timeMs: 5_000, processes: 200 },
    });
    // The kernel refuses the forks of any user but root; root's are stopped by the watcher.
    if (result.outcome === 'killed') expect(result.output).toMatch(/more than 200 processes/);
    else expect(result.output).toMatch(/cannot fork|resource temporarily unavailable/i);
  });

  it('stops a process that eats memory, and many that do so together', async () => {
    const eat = `node -e "const a=[];setInterval(()=>a.push(Buffer.alloc(2e7,1)),5)"`;
    const one = await run(eat, { limits: { memoryBytes: 300 * 1024 ** 2, timeMs: 20_000 } });
    expect(one.outcome === 'killed' || one.exitCode !== 0).toBe(true);
    const some = `node -e "const a=Buffer.alloc(1e8,1);setTimeout(()=>console.log(a.length),15000)"`;
    const many = await run(`${some} & ${some} & ${some} & ${some} & wait`, {
      limits: { memoryBytes: 300 * 1024 ** 2, timeMs: 20_000 },
    });
    expect(many.outcome).toBe('killed');
    expect(many.output).toMatch(/more than 300 MB of memory/);
  });

  it('bounds a file, and the kept output', async () => {
    const big = await run('yes | head -c 20000000 > big; stat -c %s big', { limits: { fileBytes: 1024 ** 2 } });
    expect(big.output).toMatch(/1048576\n$/);
    const loud = await run('echo first; yes 0123456789 | head -c 30000000; echo last', {
      limits: { outputBytes: 10_000 },
    });
    expect(loud.outcome).toBe('exited');
    expect(loud.output.length).toBeLessThan(11_000);
    expect(loud.output).toMatch(/^first\n[\s\S]*bytes left out[\s\S]*last\n$/);
  });

  it('takes the escapes out of the output', async () => {
    const result = await run(
      `printf '\\033[31mred\\033[0m \\033]8;;http://x\\007link\\033]8;;\\007\\n10%%\\r100%%\\n::set-output name=x::y\\n'`,
    );
    expect(result.output).toBe('red link\n100%\n\u200b::set-output name=x::y\n');
  });
});
