import { UserError } from '../errors.ts';

export type CommandNetwork = {
  env: Record<string, string>;
  readOnly: string[];
  /** Host path of the proxy's unix socket. */
  socket: string;
  /** Starts the relay to the proxy before the command. */
  wrap(command: string): string;
  close(): void;
};

export async function openNetwork(_domains: string[], _options: { caFile?: string }): Promise<CommandNetwork> {
  throw new UserError('not yet', 'wait');
}
