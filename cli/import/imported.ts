/** The result of importing one pipeline of EC2 Image Builder. */
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import type { Note } from './notes.ts';

export interface Imported {
  /** ARN of the pipeline at Image Builder. */
  readonly arn: string;
  readonly name: string;
  readonly notes: readonly Note[];
  readonly definition?: DefinitionInput;
  /** Why there is no definition. */
  readonly skipped?: string;
}
