import { execa } from 'execa';

/** Makes a named pipe that only this user can open. Node has no call for it. */
export async function makePipe(path: string): Promise<void> {
  await execa('mkfifo', ['-m', '600', '--', path], { stdin: 'ignore' });
}
