import type { ApiClient } from '../api-client.ts';
import type { Output } from '../output.ts';

/** Input of every command. */
export interface CommandContext {
  readonly out: Output;
  /** From --team: pipelines are then looked for in this team alone. */
  readonly team?: string | undefined;
  /** The API's client, made when a command first needs it. */
  readonly api: () => Promise<ApiClient>;
  readonly pause: (seconds: number) => Promise<void>;
  readonly now: () => Date;
}
