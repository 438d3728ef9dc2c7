import type { ScaledClock } from './clock.ts';

/** Writes that AWS answers before everybody sees what they did. */
export const DELAYED_WRITES = ['parameter', 'share', 'build', 'launch', 'copy', 'templateVersion'] as const;
export type DelayedWrite = (typeof DELAYED_WRITES)[number];

/**
 * When the effect of a write is seen, in AWS seconds after its answer. AWS says so of an `aws:ec2:image` parameter
 * [D:systems-manager/userguide/parameter-store-ec2-aliases]; of EC2 it says that it is eventually consistent, without a time
 * [D:ec2/devguide/eventual-consistency].
 */
export const DEFAULT_EFFECT_DELAYS: Readonly<Record<DelayedWrite, number>> = {
  parameter: 2,
  share: 0,
  build: 0,
  launch: 0,
  copy: 0,
  templateVersion: 0,
};

export interface Effects {
  readonly delays: Record<DelayedWrite, number>;
  /** Notes that what `name` stands for was written just now. */
  begin(write: DelayedWrite, name: string): void;
  /** True while readers do not see it yet. */
  isHidden(name: string): boolean;
}

export function createEffects(clock: ScaledClock): Effects {
  const due = new Map<string, number>();
  const delays = { ...DEFAULT_EFFECT_DELAYS };
  return {
    delays,
    begin(write, name) {
      if (delays[write] > 0) due.set(name, clock.elapsed() + delays[write]);
      else due.delete(name);
    },
    isHidden(name) {
      const until = due.get(name);
      if (until === undefined) return false;
      if (clock.elapsed() < until) return true;
      due.delete(name);
      return false;
    },
  };
}

/** A permission that an account was given on an image or a snapshot. */
export const sharedName = (id: string, account: string): string => `${id} for ${account}`;
/** A version of a launch template. */
export const versionName = (template: string, number: number): string => `${template} version ${number}`;
