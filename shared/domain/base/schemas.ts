import * as z from 'zod';

/** A text that has a form: `form` says it in a message, `example` shows it to people and in editors. */
export function createTextSchema(pattern: RegExp, form: string, example: string) {
  return z
    .string()
    .regex(pattern, `must be ${form}`)
    .meta({ examples: [example] });
}

/** An object that is made when it is first used: a function imports many schemas and uses few, and one that starts cold makes those alone. */
export function lazyObject<Shape extends z.core.$ZodLooseShape>(shape: () => Shape) {
  return z.lazy(() => z.object(shape()));
}

/** As `lazyObject`; fields that it does not name are refused. */
export function lazyStrictObject<Shape extends z.core.$ZodLooseShape>(shape: () => Shape) {
  return z.lazy(() => z.strictObject(shape()));
}

/** A list of at most `most` entries. The first beyond them is refused, with how many there are, how many there may be, and what to do. */
export function createListSchema<Entry extends z.ZodType>(
  entry: Entry,
  { most, of, fix }: { readonly most: number; readonly of: string; readonly fix: string },
) {
  return z
    .array(entry)
    .superRefine((list, context) => {
      if (list.length > most)
        context.addIssue({
          code: 'custom',
          path: [most],
          message: `is one of ${list.length} ${of}, and there may be ${most}`,
          params: { fix },
        });
    })
    .meta({ maxItems: most });
}
