/** What the rest of the house may know of this room. */

/** Where an artifact's bytes are and what they must be. Kept in `nofx.artifact`. */
export type ArtifactRef = {
  /** `runs/{runId}/steps/{stepId}/{name}` */
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
};
