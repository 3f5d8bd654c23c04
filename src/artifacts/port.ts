/** What the rest of the house may know of this room. */

/** Where an artifact's bytes are and what they must be. Kept in `nofx.artifact`. */
export type ArtifactRef = {
  /** `runs/{runId}/steps/{stepId}/{name}`; of a later attempt `…/attempt-{n}/{name}` */
  path: string;
  driver: 'supabase' | 'local';
  sha256: string;
  /** bytes */
  size: number;
  contentType: string;
};

export type ArtifactStore = {
  /** Stores bytes under the path; storing again replaces. UserError for a name that may not be used. */
  put(path: string, bytes: Buffer, contentType: string): Promise<ArtifactRef>;
  /** Reads back and verifies: InternalError naming the artifact when the hash differs or it is gone. */
  get(ref: ArtifactRef): Promise<Buffer>;
  /**
   * A URL that gives the bytes as `fileName` to whoever has it, for so long; null where only `get` does (on disk).
   * Nobody verifies what it gives. RetryableError where the store does not answer.
   */
  signedUrl(
    ref: Pick<ArtifactRef, 'path' | 'driver'>,
    options: { seconds: number; fileName: string },
  ): Promise<string | null>;
  /** Removes the bytes; that they are gone already is fine. RetryableError where the store does not answer. */
  remove(ref: Pick<ArtifactRef, 'path' | 'driver'>): Promise<void>;
  /** Removes from this disk the artifacts of runs that are not `known` any more; gives the folders that are gone. */
  tidy(options: {
    known(runIds: string[]): Promise<ReadonlySet<string>>;
    olderThanMs: number;
    signal?: AbortSignal;
  }): Promise<string[]>;
};
