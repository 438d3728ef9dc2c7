import * as z from 'zod';

/** What every end of a bake without a release tells; which end it was is in `state`. */
export const BakeEndedSchema = z.lazy(() =>
  z.object({
    version: z.literal(1),
    bake: z.string(),
    attempt: z.number().int().positive(),
    pipeline: z.string(),
    team: z.string(),
    step: z.string(),
    /** Error name, stable for programs. */
    name: z.string(),
    /** One sentence for people. */
    reason: z.string(),
    /** Log group and stream at CloudWatch, `<group>:<stream>`, where the step has one. */
    log: z.string().optional(),
    /** ARN of the execution that ran the attempt. */
    execution: z.string().optional(),
    changes: z.array(z.string()),
    causes: z.array(z.string()),
  }),
);
