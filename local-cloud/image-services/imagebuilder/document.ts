import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { invalidValue } from './errors.ts';

// Action modules of the task orchestrator [D:imagebuilder/userguide/toe-action-modules].
const actions = [
  'AppendFile',
  'Assert',
  'CopyFile',
  'CopyFolder',
  'CreateFile',
  'CreateFolder',
  'CreateSymlink',
  'DeleteFile',
  'DeleteFolder',
  'ExecuteBash',
  'ExecuteBinary',
  'ExecuteDocument',
  'ExecutePowerShell',
  'InstallMSI',
  'ListFiles',
  'MoveFile',
  'MoveFolder',
  'ReadFile',
  'Reboot',
  'S3Download',
  'S3Upload',
  'SetFileEncoding',
  'SetFileOwner',
  'SetFilePermissions',
  'SetFolderOwner',
  'SetFolderPermissions',
  'SetRegistry',
  'UninstallMSI',
  'UpdateOS',
  'WebDownload',
] as const;

const identifier = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'a name starts with a letter');

const stepSchema = z.looseObject({
  name: z.string().min(1),
  action: z.enum(actions),
  timeoutSeconds: z.coerce.number().int().optional(),
  onFailure: z.enum(['Abort', 'Continue', 'Ignore']).optional(),
  maxAttempts: z.coerce.number().int().positive().optional(),
  inputs: z.unknown().optional(),
});

const documentSchema = z.looseObject({
  name: z.string().optional(),
  description: z.string().optional(),
  schemaVersion: z.union([z.literal('1.0'), z.literal(1), z.literal('1')]),
  parameters: z
    .array(
      z.record(
        identifier,
        z.looseObject({
          type: z.literal('string'),
          default: z.coerce.string().optional(),
          description: z.string().optional(),
        }),
      ),
    )
    .max(25) // [D:general/gr/imagebuilder] parameters per component
    .optional(),
  phases: z.array(z.looseObject({ name: identifier, steps: z.array(stepSchema).min(1) })).min(1),
});

/** The parts of a component document that the service reads. */
interface ComponentDocument {
  readonly type: 'BUILD' | 'TEST';
  readonly parameters: readonly ParameterDetail[];
}

export interface ParameterDetail {
  readonly name: string;
  readonly type: string;
  readonly defaultValue?: readonly string[];
  readonly description?: string;
}

/** Checks a task orchestrator document [D:imagebuilder/userguide/toe-use-documents] and derives the component's type from it. */
export const readDocument = (text: string, parameter: 'data' | 'uri'): ComponentDocument => {
  const parsed = documentSchema.safeParse(readYaml(text, parameter));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw invalidValue(
      parameter,
      `The component document is not valid at '${where}': ${issue?.message ?? 'unknown'}.`,
    );
  }
  const { phases, parameters = [] } = parsed.data;
  const names = phases.map((phase) => phase.name);
  if (new Set(names).size !== names.length) {
    throw invalidValue(parameter, 'The component document has two phases of the same name.');
  }
  for (const phase of phases) {
    const steps = phase.steps.map((step) => step.name);
    if (new Set(steps).size !== steps.length) {
      throw invalidValue(parameter, `Phase '${phase.name}' has two steps of the same name.`);
    }
  }
  return {
    // A single phase called `test` makes it a test component [M:op CreateComponent].
    type: names.length === 1 && names[0] === 'test' ? 'TEST' : 'BUILD',
    parameters: parameters.flatMap((entry) =>
      Object.entries(entry).map(([name, detail]) => ({
        name,
        type: detail.type,
        ...(detail.default === undefined ? {} : { defaultValue: [detail.default] }),
        ...(detail.description === undefined ? {} : { description: detail.description }),
      })),
    ),
  };
};

const readYaml = (text: string, parameter: string): unknown => {
  try {
    return parseYaml(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw invalidValue(parameter, `The component document is not YAML: ${reason}.`);
  }
};
