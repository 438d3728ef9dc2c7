import { TryLater } from '../../domain/base/errors.ts';
import { WriteConflict } from '../../ports/table.ts';

/** The answer of an attempt that is to be made again although it has lost no condition. */
export const AGAIN = Symbol('again');

const ROUNDS = 5;

/**
 * What an attempt answers that reads, decides and writes. It is made again when a row that it rests on has changed meanwhile; after the last
 * round this throws the given error, or TryLater with the given message.
 */
export async function retryOnConflict<Result>(
  failure: string | (() => Error),
  attempt: () => Promise<Result | typeof AGAIN>,
  rounds = ROUNDS,
): Promise<Result> {
  for (let round = 0; round < rounds; round += 1) {
    try {
      const result = await attempt();
      if (result !== AGAIN) return result;
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error;
    }
  }
  throw typeof failure === 'string' ? new TryLater(failure) : failure();
}
