/** What the API says of releases that end. */
import * as z from 'zod';
import { ReleaseRecordSchema } from '../records/releases.ts';
import { Time } from './shapes.ts';

const EndingReleaseSchema = z.object({
  release: z.string(),
  channel: z.string(),
  at: Time.meta({ description: 'When it was made current, last.' }),
  cleanUp: ReleaseRecordSchema.unwrap().shape.cleanUp,
  removeAt: Time.optional().meta({ description: 'It is not removed before.' }),
  goes: z.boolean().meta({ description: 'Whether it is marked or removed next; else something keeps it.' }),
  why: z.array(z.string()).meta({ description: 'What keeps it, a sentence each; else why it goes.' }),
  images: z.number().int().meta({ description: 'Images of all accounts and regions.' }),
  usdMonth: z.number().meta({
    description: 'What its snapshots cost a month at most, if every block of their volumes is in use.',
  }),
});
export type EndingRelease = z.output<typeof EndingReleaseSchema>;

export const CleanUpSchema = z
  .object({
    pipeline: z.string(),
    keep: z.number().int(),
    days: z.number().int(),
    items: z
      .array(EndingReleaseSchema)
      .meta({ description: 'Releases that the definition does not keep, oldest first.' }),
  })
  .meta({ id: 'CleanUp' });
export type CleanUp = z.output<typeof CleanUpSchema>;

export const KeepRequestSchema = z.strictObject({
  kept: z.boolean().meta({ description: 'False lets the definition decide again.' }),
});
