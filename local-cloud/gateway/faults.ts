import * as z from 'zod';
import { seededNumbers } from '../seeded-numbers.ts';

/** A fault: which calls of an operation it affects, and its effect. */
export const faultSchema = z.strictObject({
  /** The signing name of the service, e.g. `ec2`, `states`, `dynamodb`. */
  service: z.string(),
  /** Name of the operation, or `*`. */
  operation: z.string(),
  /** Part of the caller's ARN. */
  principal: z.string().optional(),
  account: z.string().optional(),
  region: z.string().optional(),
  /** Calls to let through first. */
  skip: z.number().int().nonnegative().default(0),
  /** Calls to affect; null for all that follow. */
  times: z.number().int().positive().nullable().default(1),
  percent: z.number().min(0).max(100).default(100),
  effect: z.union([
    z.strictObject({
      error: z.strictObject({
        code: z.string(),
        message: z.string().optional(),
        status: z.number().int().optional(),
      }),
    }),
    z.strictObject({ delayMs: z.number().nonnegative() }),
    /** The call is carried out, and its answer is lost. */
    z.strictObject({ dropResponse: z.literal(true) }),
    /** The calling function is killed, before or after the call is carried out. */
    z.strictObject({ crash: z.enum(['before', 'after']) }),
  ]),
});
export type FaultRequest = z.input<typeof faultSchema>;
type Rule = z.output<typeof faultSchema>;

export interface Fault {
  id: string;
  effect: Rule['effect'];
}

/** The properties of a call that a fault matches on. */
export interface FaultSubject {
  service: string;
  operation: string;
  principal: string;
  account: string;
  region: string;
}

export interface Faults {
  add(fault: Rule): string;
  /** Ends one fault, or all of them. */
  remove(id: string | undefined): void;
  /** The fault for this call, if any. Counts the call. */
  meet(call: FaultSubject): Fault | undefined;
}

/** Faults in the order in which they were added; a call gets the first one that matches and is due. */
export function createFaults(seed = 1): Faults {
  const rules = new Map<string, { rule: Rule; toSkip: number; left: number }>();
  const random = seededNumbers(seed);
  let count = 0;
  return {
    add(rule) {
      count += 1;
      const id = `fault-${count}`;
      rules.set(id, { rule, toSkip: rule.skip, left: rule.times ?? Number.POSITIVE_INFINITY });
      return id;
    },
    remove(id) {
      if (id === undefined) rules.clear();
      else rules.delete(id);
    },
    meet(call) {
      for (const [id, entry] of rules) {
        if (entry.left <= 0 || !matches(entry.rule, call)) continue;
        if (entry.toSkip > 0) {
          entry.toSkip -= 1;
          continue;
        }
        if (random() * 100 >= entry.rule.percent) continue;
        entry.left -= 1;
        return { id, effect: entry.rule.effect };
      }
      return undefined;
    },
  };
}

function matches(rule: Rule, call: FaultSubject): boolean {
  return (
    rule.service === call.service &&
    (rule.operation === '*' || rule.operation === call.operation) &&
    (rule.principal === undefined || call.principal.includes(rule.principal)) &&
    (rule.account === undefined || rule.account === call.account) &&
    (rule.region === undefined || rule.region === call.region)
  );
}
