import * as z from 'zod';

/** Input of `declare-inventory-association`. */
export const associationSchema = z.strictObject({
  account: z.string().regex(/^\d{12}$/),
  region: z.string().min(1),
});

/** Input of `declare-command`; without `times` it has no limit. */
export const commandSchema = z
  .strictObject({
    match: z.strictObject({
      /** Value of an instance tag whose key ends in `pipeline`. */
      pipelineTag: z.string().min(1).optional(),
      /** Beginning of the name of the AMI that the instance runs. */
      imageName: z.string().min(1).optional(),
      /** Value of an instance tag whose key ends in `suite`, or the last word of the command's comment. */
      suite: z.string().min(1).optional(),
      /** Anything in the command's comment or text. */
      contains: z.string().min(1).optional(),
    }),
    status: z.enum(['Success', 'Failed', 'TimedOut']),
    stdout: z.string().default(''),
    stderr: z.string().default(''),
    exitCode: z.int().min(0).max(255).optional(),
    times: z.int().positive().nullable().default(null),
  })
  .transform(({ exitCode, ...rest }) => ({
    ...rest,
    exitCode: exitCode ?? (rest.status === 'Success' ? 0 : 1),
  }));
