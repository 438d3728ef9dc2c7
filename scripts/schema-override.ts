/** What JSON Schemas of definitions forbid beside what zod can say: editors and clients hear of it before the service is asked. */
import type * as z from 'zod';

type Override = (context: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }) => void;

export const forbidRefused: Override = ({ jsonSchema }) => {
  // Fields that are reserved for later releases.
  if (jsonSchema.description?.includes('Not implemented yet') === true) jsonSchema.not = {};
  const { approval } = jsonSchema.properties ?? {};
  if (typeof approval === 'object' && 'distribution' in (jsonSchema.properties ?? {}))
    requireApprovers(jsonSchema);
};

/** Somebody has to be asked, unless approval is said not to be required. */
function requireApprovers(definition: z.core.JSONSchema.BaseSchema): void {
  const isNotRequired = {
    properties: { approval: { properties: { required: { const: false } }, required: ['required'] } },
    required: ['approval'],
  };
  const namesSomebody = {
    properties: { approval: { properties: { approvers: { minItems: 1 } }, required: ['approvers'] } },
    required: ['approval'],
  };
  definition.anyOf = [isNotRequired, namesSomebody];
}
