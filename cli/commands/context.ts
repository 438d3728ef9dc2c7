import type { ApiClient } from '../api-client.ts';
import type { Output } from '../output.ts';

/** What every command is given. */
export interface CommandContext {
  readonly out: Output;
  /** As given by --team: pipelines are then looked for in this team alone. */
  readonly team?: string | undefined;
  /** Found and signed for when a command first needs it. */
  readonly api: () => Promise<ApiClient>;
  readonly pause: (seconds: number) => Promise<void>;
  readonly now: () => Date;
}
