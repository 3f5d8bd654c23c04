import { z } from 'zod';

/** The file modes git knows, less gitlinks: NOFX neither makes nor moves submodules. */
export const FileMode = z.enum(['100644', '100755', '120000']);
export type FileMode = z.infer<typeof FileMode>;

/** The stored bytes of a file: the artifact's name within its step, and what it must hash to. */
export const StoredFile = z.object({
  artifact: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** bytes */
  size: z.number().int().nonnegative(),
});
export type StoredFile = z.infer<typeof StoredFile>;

const written = {
  path: z.string(),
  mode: FileMode,
  /** True when git would show no text diff for it. */
  binary: z.boolean(),
  content: StoredFile,
};

/** One file's change, as git sees it. A symlink's content is its target. */
export const FileChange = z.discriminatedUnion('status', [
  z.object({ status: z.literal('added'), ...written }),
  z.object({ status: z.literal('modified'), ...written, previousMode: FileMode }),
  z.object({ status: z.literal('renamed'), ...written, previousPath: z.string() }),
  z.object({ status: z.literal('deleted'), path: z.string() }),
]);
export type FileChange = z.infer<typeof FileChange>;

const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);

/** What a change set stands on, and where it is to go. */
export const Ground = z.object({
  base: sha,
  /** commits that were merged into it: parents of its commit, beside the base */
  merged: z.array(sha).optional(),
  /** the `nofx/…` branch its commit is for; the run's own unless told */
  branch: z.string().optional(),
});
export type Ground = z.infer<typeof Ground>;

/** What a step that makes a change hands on: file changes against one commit, and the model's closing words. */
export const ChangeSet = Ground.extend({ files: z.array(FileChange), summary: z.string() });
export type ChangeSet = z.infer<typeof ChangeSet>;

/** `added`, `modified` and `renamed` carry content; `deleted` does not. */
export type WrittenChange = Exclude<FileChange, { status: 'deleted' }>;
