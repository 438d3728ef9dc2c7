import * as z from 'zod';

/** A control action of the image services: `POST /_local/image-services/<name>`. */
export interface ControlAction {
  schema: z.ZodType;
  /** Parses the body and carries it out; the result is answered as JSON. */
  run(body: unknown): Promise<unknown>;
}

export type ControlActions = Record<string, ControlAction>;

export function defineControlAction<S extends z.ZodType>(
  schema: S,
  run: (input: z.infer<S>) => Promise<unknown> | unknown,
): ControlAction {
  return { schema, run: async (body) => run(schema.parse(body)) };
}

/** Number of uses of a declaration; null for no limit. */
export const timesSchema = z.int().positive().nullable().default(1);

export const packageSchema = z.strictObject({
  name: z.string().min(1),
  version: z.string().min(1),
  release: z.string().optional(),
  arch: z.string().optional(),
  type: z.enum(['rpm', 'deb']),
});
