/**
 * Items of the one table are zod schemas, in the files beside this one; keys are in naming.ts. Times are ISO strings in UTC. The schemas are
 * lazy because a function imports many of them and uses few: one that starts cold builds those alone.
 */
import * as z from 'zod';

export const Time = z.iso.datetime();
export const BakeId = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);
