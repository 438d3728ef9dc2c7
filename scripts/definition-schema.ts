/** The JSON Schema of definitions, for editors. It takes what a person writes: defaults are optional, and a suite's script may be a path. */
import * as z from 'zod';
import { DefinitionSchema } from '../shared/domain/definitions/definition.ts';

export function definitionSchema(): unknown {
  const schema = z.toJSONSchema(DefinitionSchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    // Fields that are reserved for later releases: an editor marks them, as `ovenbird validate` does.
    override: ({ jsonSchema }) => {
      if (jsonSchema.description?.includes('Not implemented yet') === true) jsonSchema.not = {};
    },
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
