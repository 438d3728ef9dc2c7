import type { Probes } from './probes/context.ts';
import { dataProbes } from './probes/data.ts';
import { eventProbes } from './probes/events.ts';
import { executionProbes } from './probes/executions.ts';
import { functionProbes } from './probes/functions.ts';
import { mailProbes } from './probes/mail.ts';
import { permissionProbes } from './probes/permissions.ts';
import { scheduleProbes } from './probes/schedules.ts';
import { stackProbes } from './probes/stacks.ts';

/** Probes that look at how long something takes. */
export const timed: ReadonlySet<string> = new Set([
  'executions_start_at_once',
  'invocations_answer_at_once',
  'policies_are_parsed_once',
  'queues_are_long_polled',
  'streams_are_polled',
  'transactions_are_quick',
]);

/** For each correction a probe, through the API of the services. */
export const probes: Probes = {
  ...executionProbes,
  ...functionProbes,
  ...eventProbes,
  ...stackProbes,
  ...dataProbes,
  ...mailProbes,
  ...permissionProbes,
  ...scheduleProbes,
};
