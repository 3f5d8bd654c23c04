import { lockFolder } from '../../src/db/folder-lock.ts';

/** Holds the folder that it is given until it is killed. */
lockFolder(process.argv[2]!);
process.send!('held');
setInterval(() => {}, 60_000);
