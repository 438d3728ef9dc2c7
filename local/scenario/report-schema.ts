import * as z from 'zod';
import { ATTEMPT_STATES } from '../../shared/domain/records/attempt-states.ts';

/** The report of a scenario. Resources are read from AWS itself, the rest from the API. */
const Time = z.string();

export const ReportTargetSchema = z.strictObject({
  account: z.string(),
  region: z.string(),
  variant: z.string(),
  imageId: z.string(),
  parameter: z.string().nullable(),
  launchTemplate: z.string().nullable(),
});

export const LeftBehindSchema = z.strictObject({
  kind: z.string(),
  id: z.string(),
  account: z.string(),
  region: z.string(),
});
export type LeftBehind = z.infer<typeof LeftBehindSchema>;

export const ReportSchema = z.strictObject({
  scenario: z.string(),
  seconds: z.strictObject({
    ready: z.number().meta({
      description: 'Service deployed, world prepared, counted from when the emulator had its environment.',
    }),
    firstRelease: z.number().nullable(),
    total: z.number(),
  }),
  changes: z.array(
    z.strictObject({
      id: z.string(),
      selector: z.string(),
      from: z.string().nullable(),
      to: z.string(),
      at: Time,
      cause: z.string(),
    }),
  ),
  bakes: z.array(
    z.strictObject({
      id: z.string(),
      pipeline: z.string(),
      attempt: z.number().int(),
      bits: z.string(),
      proof: z.string(),
      causes: z.array(z.string()),
      state: z.enum(ATTEMPT_STATES),
      reason: z.string(),
      steps: z.array(
        z.strictObject({ name: z.string(), state: z.string(), startedAt: Time, endedAt: Time.nullable() }),
      ),
    }),
  ),
  releases: z.array(
    z.strictObject({
      pipeline: z.string(),
      channel: z.string(),
      bake: z.string(),
      at: Time,
      targets: z.array(ReportTargetSchema),
    }),
  ),
  approvals: z.array(
    z.strictObject({
      id: z.string(),
      bake: z.string(),
      attempt: z.number().int(),
      state: z.string(),
      by: z.string().nullable(),
      via: z.string().nullable(),
      at: Time.nullable(),
      scanned: z.number().int(),
    }),
  ),
  notifications: z.array(
    z.strictObject({ to: z.string(), subject: z.string(), kind: z.string(), pipeline: z.string(), at: Time }),
  ),
  expectations: z.array(z.strictObject({ text: z.string(), held: z.boolean(), why: z.string().optional() })),
  denied: z.array(z.strictObject({ role: z.string(), action: z.string(), resource: z.string() })),
  leftBehind: z.array(LeftBehindSchema),
});
export type Report = z.infer<typeof ReportSchema>;
