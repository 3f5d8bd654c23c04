import { z } from 'zod';

/** Where the unfinished work of a cancelled run is. */
export const Kept = z.object({ sha: z.string(), branch: z.string() });
export type Kept = z.infer<typeof Kept>;
