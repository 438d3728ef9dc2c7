import * as z from 'zod';

/** A text that has a form: `form` says it in a message, `example` shows it to people and in editors. */
export function createTextSchema(pattern: RegExp, form: string, example: string) {
  return z
    .string()
    .regex(pattern, `must be ${form}`)
    .meta({ examples: [example] });
}
