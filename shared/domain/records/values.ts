/** Items of the one table are zod schemas, in the files beside this one; keys are in naming.ts. Times are ISO strings in UTC. */
import * as z from 'zod';

export const Time = z.iso.datetime();
export const BakeId = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);

/** Which attempt of which bake a row is about. */
export const AttemptRef = z.object({ bake: BakeId, attempt: z.number().int().positive() });
/** `bits`: hash of what changes the image. `proof`: hash of what changes how it is judged. */
export const Fingerprint = z.object({ bits: z.string(), proof: z.string() });
