import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { createSandbox } from '../../src/workspace/sandbox.ts';
import { createWorkspaces } from '../../src/workspace/manager.ts';
import { serveGit } from '../support/git-http.ts';
import { anywhere, git, makeRepository, project } from '../support/repository.ts';
import { alive, longSleep, openSandboxHere } from './sandbox.ts';
import type { AddressInfo } from 'node:net';
import type { Sandbox } from '../../src/workspace/port.ts';

const { confined, folder, makeCwd, options, run, sandbox, why } = await openSandboxHere();

describe.skipIf(!confined)(`bubblewrap${why}`, () => {
  it('gives back the exit code and the output of both streams', async () => {
    const seen: string[] = [];
    const result = await run('echo out; echo err >&2; exit 3', { onOutput: (chunk) => seen.push(chunk) });
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 3 });
    expect(result.output.split('\n').sort()).toEqual(['', 'err', 'out']);
    expect(seen.join('')).toHaveLength(8);
  });

  it('has a clean environment', async () => {
    process.env['NOFX_TEST_SECRET'] = 'hunter2-secret';
    const result = await run('cat /proc/self/environ /proc/1/environ /proc/[0-9]*/environ | tr "\\0" "\\n"; env', {
      env: { EXTRA: 'yes' },
    });
    delete process.env['NOFX_TEST_SECRET'];
    expect(result.output).not.toContain('hunter2');
    const names = new Set(result.output.split('\n').map((line) => line.split('=')[0]));
    expect(
      [...names].filter(
        (name) =>
          name &&
          !['PATH', 'HOME', 'TMPDIR', 'LANG', 'CI', 'EXTRA', 'PWD', 'OLDPWD', 'SHLVL', '_'].includes(name) &&
          !/_(ROOT|HOME|DIR)$/.test(name),
      ),
    ).toEqual([]);
    expect(result.output).toContain('EXTRA=yes');
  });

  it('sees nothing of the server: no home, no source, no other work, no other process', async () => {
    writeFileSync(join(folder.path, 'other.txt'), 'not for you');
    const result = await run(
      `cat ${join(folder.path, 'other.txt')} ${import.meta.filename} ${homedir()}/.npmrc /etc/shadow; ls ${homedir()} ${process.cwd()} /home /root; ls -d /proc/[0-9]* | wc -l; id -u`,
    );
    expect(result.output).not.toContain('not for you');
    expect(result.output).not.toContain('describe.skipIf');
    expect(result.output).toMatch(/other\.txt: No such file/);
    const lines = result.output.trim().split('\n');
    expect(Number(lines.at(-2))).toBeLessThan(8);
    expect(lines.at(-1)).toBe('1000');
  });

  it('writes nothing but its work folder, HOME and /tmp', async () => {
    const cwd = makeCwd();
    const other = makeCwd();
    const result = await run(
      `for d in / /etc /usr /usr/local/bin /bin /dev /run /proc /proc/sys /home /opt ${other}; do (echo x > $d/nofx-was-here) 2>/dev/null && echo "wrote $d"; done; echo a > ok; echo b > $HOME/ok; echo c > /tmp/ok; ln -s ${other} link; (echo x > link/f) 2>/dev/null && echo through; cat ok $HOME/ok /tmp/ok`,
      { cwd },
    );
    expect(result.output).toBe('a\nb\nc\n');
    expect(readdirSync(cwd).sort()).toEqual(['link', 'ok']);
    expect(readdirSync(other)).toEqual([]);
  });

  it('keeps the read-only parts of the work folder', async () => {
    const cwd = makeCwd();
    mkdirSync(join(cwd, '.git'));
    writeFileSync(join(cwd, '.git', 'config'), 'good\n');
    const result = await run('echo evil > .git/config; rm -rf .git; mv .git x; echo x > .git/hooks; cat .git/config', {
      cwd,
      readOnly: [join(cwd, '.git')],
    });
    expect(result.output).toMatch(/good\n$/);
    expect(readFileSync(join(cwd, '.git', 'config'), 'utf8')).toBe('good\n');
  });

  it('keeps a HOME between commands', async () => {
    const home = await sandbox.makeHome();
    await run('echo cached > $HOME/x', { home: home.path });
    expect((await run('cat $HOME/x', { home: home.path })).output).toBe('cached\n');
    await home.dispose();
    expect(existsSync(home.path)).toBe(false);
    expect((await run('cat $HOME/x')).exitCode).toBe(1);
  });

  it('has no network: no server of this machine, no abstract socket, no name service', async () => {
    const server = createServer((_request, response) => response.end('leaked')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const script = `
      const net = require('node:net'), dns = require('node:dns');
      const done = (what) => (error) => console.log(what, error ? 'refused' : 'CONNECTED');
      for (const host of ['127.0.0.1', '10.0.0.1', '169.254.169.254']) net.connect(${port}, host).on('error', done(host)).on('connect', done(host, null));
      dns.lookup('example.com', (e) => console.log('dns', e ? 'refused' : 'RESOLVED'));
      setTimeout(() => process.exit(), 3000).unref();`;
    const result = await run(`node -e "$SCRIPT"; curl -s -m 3 http://127.0.0.1:${port}/ || echo curl refused`, {
      env: { SCRIPT: script },
    });
    expect(result.output).not.toMatch(/CONNECTED|RESOLVED|leaked/);
    expect(result.output.match(/refused/g)).toHaveLength(5);
    server.close();
  });

  it('has a loopback of its own for the tests to use, also by its name', async () => {
    const result = await run(
      `node -e "const s=require('http').createServer((q,r)=>r.end('mine')).listen(0,'localhost',async()=>{for(const host of ['localhost',require('os').hostname()])console.log(await fetch('http://'+host+':'+s.address().port).then(a=>a.text(),e=>e.cause.code));s.close()})"`,
    );
    expect(result.output).toBe('mine\nmine\n');
  });

  it('shows of a version manager what has programs, and empty folders where it insists on them', async () => {
    const home = join(folder.path, 'somebody');
    mkdirSync(join(home, '.rustup', 'toolchains', 'stable'), { recursive: true });
    mkdirSync(join(home, '.rustup', 'update-hashes'));
    writeFileSync(join(home, '.rustup', 'update-hashes', 'stable'), 'x');
    const rusty = await createSandbox({ ...options, home });
    expect((await run('cd "$RUSTUP_HOME"; find . -mindepth 1 | sort', {}, rusty)).output).toBe(
      './toolchains\n./toolchains/stable\n./update-hashes\n',
    );
  });

  it('is somebody with a name and a home, and knows nobody of this machine', async () => {
    const result = await run(
      `id -un; id -gn; node -p "os.userInfo().homedir"; cut -d: -f1 /etc/passwd | grep -x root; awk -F: '$3 > 1000 && $3 < 60000' /etc/passwd`,
    );
    expect(result.output).toBe('nofx\nnofx\n/home/nofx\nroot\n');
  });

  it('finds node, npm and git', async () => {
    const result = await run('node --version && npm --version && git --version');
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0 });
  });

  const modes = ['worktree', 'clone', 'local_path'] as const;
  it.each(modes)('lets git read, not write, the repository of a %s', async (workspaceMode) => {
    const { work } = makeRepository(folder.path, `git-${workspaceMode}`, { 'a.txt': 'a\n' });
    const remotes = await serveGit({ root: folder.path });
    const workspaces = createWorkspaces({
      findRoute: anywhere,
      root: join(folder.path, `root-${workspaceMode}`),
      path: options.path,
      allowHttp: true,
      allowedLocalRoots: [folder.path],
    });
    const access = {
      project: project({ repoUrl: `${remotes.origin}/git-${workspaceMode}.git`, localPath: work, workspaceMode }),
      credentials: async () => null,
    };
    const base = await workspaces.resolve(access, 'main');
    const workspace = await workspaces.openWorkspace(access, { key: 'k', base, branch: 'nofx/k' });
    const command =
      'git status --short; git log --format=%s; git branch --show-current; git commit -q --allow-empty -m x 2>&1 || echo refused';
    const result = await run(command, { cwd: workspace.path, readOnly: workspace.gitPaths });
    expect(result.output).toMatch(/^first\nnofx\/k\n[\s\S]*refused\n$/);
    expect(git(work, 'rev-parse', 'HEAD').trim()).toBe(await workspace.head());
    await remotes.close();
  });

  it('can make no namespace of its own', async () => {
    const result = await run('unshare --user --map-root-user true || echo refused');
    expect(result.output).toMatch(/refused\n$/);
  });
});

describe('off', () => {
  let off: Sandbox;
  beforeAll(async () => {
    off = await createSandbox({ ...options, mode: 'off', log: undefined });
  });

  it('runs with a clean environment and its own HOME', async () => {
    process.env['NOFX_TEST_SECRET'] = 'hunter2-secret';
    const result = await run('env; echo "home $HOME"', {}, off);
    delete process.env['NOFX_TEST_SECRET'];
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0 });
    expect(result.output).not.toContain('hunter2');
    expect(result.output).not.toContain(`home ${homedir()}\n`);
  });

  it('stops what runs too long, and its daemons', async () => {
    const command = longSleep();
    const result = await run(
      `(setsid sh -c 'nohup ${command} >/dev/null 2>&1 &'); ${command}`,
      { limits: { timeMs: 700 } },
      off,
    );
    expect(result.outcome).toBe('timed_out');
    expect(alive(command)).toBe(false);
  });

  it('leaves no daemon that holds the output open', async () => {
    const command = longSleep();
    const result = await run(`(setsid sh -c 'nohup ${command} &'); echo done`, {}, off);
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0 });
    expect(alive(command)).toBe(false);
  });
});

describe('missing', () => {
  it('says why, and refuses', async () => {
    const said: string[] = [];
    const none = await createSandbox({ ...options, path: '/nowhere', log: { warn: (message) => said.push(message) } });
    expect(none.kind).toBe('missing');
    expect(said.join()).toMatch(/No sandbox: bubblewrap/);
    await expect(run('true', {}, none)).rejects.toThrow(UserError);
  });

  it('is missing too where bubblewrap is there but does not work', async () => {
    const bin = mkdtempSync(join(folder.path, 'bin-'));
    writeFileSync(join(bin, 'bwrap'), '#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n', {
      mode: 0o755,
    });
    const said: string[] = [];
    const none = await createSandbox({
      ...options,
      path: `${bin}:/usr/bin:/bin`,
      log: { warn: (message) => said.push(message) },
    });
    expect(none.kind).toBe('missing');
    expect(said.join()).toMatch(/No permissions to create new namespace/);
  });
});
