/** What became of a pipeline of EC2 Image Builder. */
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import type { Note } from './notes.ts';

export interface Imported {
  /** Of the pipeline at Image Builder. */
  readonly arn: string;
  readonly name: string;
  readonly notes: readonly Note[];
  readonly definition?: DefinitionInput;
  /** Why there is no definition. */
  readonly skipped?: string;
}
