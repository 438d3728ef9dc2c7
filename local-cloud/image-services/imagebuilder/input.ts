import * as z from 'zod';
import { invalidCombination, invalidValue } from './errors.ts';
import { quotas } from './quotas.ts';

// [M:imagebuilder ResourceName]: 3 to 128 characters
export const nameSchema = z
  .string()
  .regex(
    /^[-_A-Za-z0-9][-_A-Za-z0-9 ]{1,126}[-_A-Za-z0-9]$/,
    'name must match pattern ^[-_A-Za-z-0-9][-_A-Za-z0-9 ]{1,126}[-_A-Za-z-0-9]$',
  );
export const textSchema = z.string().min(1).max(1024); // [M:NonEmptyString]
export const tokenSchema = z.string().min(1).max(64); // docs/aws/image-builder.md#tokens-errors-and-pages
export const platformSchema = z.enum(['Linux', 'Windows', 'macOS']);
export const tagsSchema = z
  .record(
    z
      .string()
      .min(1)
      .max(128)
      .refine((key) => !key.toLowerCase().startsWith('aws:'), 'Tag keys must not start with aws:'),
    z.string().max(256),
  )
  .refine((tags) => Object.keys(tags).length <= 50, 'A resource has at most 50 tags.'); // [M:TagMap]

/** Reads a request that the wire has checked against the schema; a broken limit is answered with the service's error. */
export const read = <S extends z.ZodType>(schema: S, input: Record<string, unknown>): z.infer<S> => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidValue(formatPath(issue?.path ?? []), issue?.message ?? '');
};

/** Refuses the input unless exactly one of the two members is there. */
export const exactlyOne = (input: Record<string, unknown>, left: string, right: string): void => {
  const given = [left, right].filter((name) => input[name] !== undefined);
  if (given.length !== 1) throw invalidCombination(`Specify exactly one of '${left}' and '${right}'.`);
};

const filterSchema = z.object({ name: z.string(), values: z.array(z.string()).min(1).max(10) }); // [M:Filter]
export const pageSchema = {
  maxResults: z.int().min(1).max(quotas.pageSize).optional(), // [M:RestrictedInteger]
  nextToken: z.string().min(1).max(65_535).optional(),
};
export const filtersSchema = z.array(filterSchema).max(quotas.filters).optional();
export type Filters = z.infer<typeof filtersSchema>;

const formatPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
