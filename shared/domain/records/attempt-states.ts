/**
 * The states of a bake's attempt and the only legal moves between them. Conditions of writes, the picture in the
 * docs and the property tests derive from this table; nothing else knows it.
 */
export const ATTEMPT_STATES = [
  'queued',
  'preflight',
  'building',
  'testing',
  'gating',
  'awaiting-approval',
  'distributing',
  'releasing',
  'released',
  'failed',
  'rejected',
  'expired',
  'cancelled',
  'superseded',
] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

export const TERMINAL_STATES = [
  'released',
  'failed',
  'rejected',
  'expired',
  'cancelled',
  'superseded',
] as const satisfies AttemptState[];
export type TerminalState = (typeof TERMINAL_STATES)[number];

/** States in which a newer lock may still supersede the bake (design: before approval it supersedes, after it follows). */
export const SUPERSEDABLE_STATES = [
  'queued',
  'preflight',
  'building',
  'testing',
  'gating',
  'awaiting-approval',
] as const satisfies AttemptState[];

/** Steps of a bake in order, as people see them, with the state that the attempt is in while the step runs. */
export const STEPS = [
  { name: 'Preflight', state: 'preflight' },
  { name: 'Build', state: 'building' },
  { name: 'Test', state: 'testing' },
  { name: 'Gate', state: 'gating' },
  { name: 'Approve', state: 'awaiting-approval' },
  { name: 'Distribute', state: 'distributing' },
  { name: 'Release', state: 'releasing' },
] as const satisfies readonly { name: string; state: AttemptState }[];
export type StepName = (typeof STEPS)[number]['name'];
export const STEP_NAMES = STEPS.map((step) => step.name);

const ORDER: readonly AttemptState[] = ['queued', ...STEPS.map((step) => step.state), 'released'];

export function isTerminal(state: AttemptState): state is TerminalState {
  return (TERMINAL_STATES as readonly AttemptState[]).includes(state);
}

/** A move is legal forward along the steps (a step may be skipped), or from any open state to a terminal one. */
export function isLegalTransition(from: AttemptState, to: AttemptState): boolean {
  if (isTerminal(from)) return false;
  if (to === 'released') return from === 'releasing';
  if (isTerminal(to)) return true;
  return ORDER.indexOf(to) > ORDER.indexOf(from);
}

/** All states from which `to` may be reached: the condition of the write that moves there. */
export function listPriorStates(to: AttemptState): AttemptState[] {
  return ATTEMPT_STATES.filter((from) => isLegalTransition(from, to));
}

export function findStateByStep(step: StepName): AttemptState {
  const found = STEPS.find((candidate) => candidate.name === step);
  if (found === undefined) throw new Error(`Unknown step: ${step}`);
  return found.state;
}
