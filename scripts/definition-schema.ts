/** The JSON Schema of definitions, for editors. It takes what a person writes: defaults are optional, and a suite's script may be a path. */
import * as z from 'zod';
import { DefinitionSchema } from '../shared/domain/definitions/definition.ts';
import { forbidRefused } from './schema-override.ts';

export function definitionSchema(): unknown {
  const schema = z.toJSONSchema(DefinitionSchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: forbidRefused,
  });
  const { $schema, ...rest } = schema;
  return {
    $schema,
    title: 'Ovenbird pipeline',
    description:
      'Declares one machine image: what it is made of, how it is judged, who approves it, where it goes.',
    ...rest,
  };
}
