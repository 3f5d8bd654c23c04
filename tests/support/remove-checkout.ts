import { existsSync } from 'node:fs';
import { removeCheckout } from '../../src/workspace/checkout.ts';

/** A process of its own that removes a checkout and is killed once one of its files is gone. */
const [, , path, file] = process.argv;
const die = () => {
  if (!existsSync(file!)) process.kill(process.pid, 'SIGKILL');
  setImmediate(die);
};
die();
await removeCheckout(path!);
