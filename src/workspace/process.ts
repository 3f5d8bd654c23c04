import { basename, dirname } from 'node:path';
import { execa } from 'execa';

/** Lets this user into every folder of a tree. Follows no symlink. */
export async function unlockTree(path: string): Promise<void> {
  const cwd = dirname(path);
  await execa('chmod', ['-R', 'u+rwX', '--', `./${basename(path)}`], { cwd, stdio: 'ignore', reject: false });
}

/** Removes a tree whose paths are longer than the system takes: `rm` goes down folder by folder, and Node has no call that does. */
export async function removeDeepTree(path: string): Promise<void> {
  await execa('rm', ['-rf', '--', `./${basename(path)}`], { cwd: dirname(path), stdin: 'ignore' });
}

/** Makes a named pipe that only this user can open. Node has no call for it. */
export async function makePipe(path: string): Promise<void> {
  await execa('mkfifo', ['-m', '600', '--', path], { stdin: 'ignore' });
}
