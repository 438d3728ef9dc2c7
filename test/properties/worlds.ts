/** The worlds that can be played, by name: what one run is given, and what it broke. */
import fc from 'fast-check';

export interface PropertyWorld {
  given(run: number): fc.Arbitrary<unknown>;
  /** Every rule that was broken, as a sentence. */
  play(run: number, given: unknown): Promise<readonly string[]>;
}

/** Loaded late: a fault has to be planted before the engine is read. */
export async function loadWorld(name: string, fault: string | undefined): Promise<PropertyWorld> {
  if (name === 'distribution') return distributionWorld(fault);
  if (name === 'approval') return approvalWorld();
  if (name === 'retention') return retentionWorld();
  const { engineWorld } = await import('./engine/engine-world.ts');
  return engineWorld;
}

async function distributionWorld(fault: string | undefined): Promise<PropertyWorld> {
  const rules = await import('./distribution-rules.ts');
  const planted = (Object.keys(rules.FAULTS) as (keyof typeof rules.FAULTS)[]).find((name) => name === fault);
  const sentences = (violations: readonly { rule: string; text: string }[]) =>
    violations.map(({ rule, text }) => `${rule}: ${text}`);
  // Every tenth distribution is made by two runs beside each other.
  const isPair = (run: number) => run % 10 === 9 && planted === undefined;
  return {
    given: (run) => (isPair(run) ? fc.tuple(rules.distributions, fc.scheduler()) : rules.distributions),
    play: async (run, given) => {
      if (!isPair(run))
        return sentences(
          await rules.findViolations(given as Parameters<typeof rules.findViolations>[0], planted),
        );
      const [distribution, scheduler] = given as Parameters<typeof rules.findViolationsOfConcurrentRuns>;
      return sentences(await rules.findViolationsOfConcurrentRuns(distribution, scheduler));
    },
  };
}

async function approvalWorld(): Promise<PropertyWorld> {
  const [{ approvalGiven }, { playApproval }] = await Promise.all([
    import('./approval/given.ts'),
    import('./approval/play.ts'),
  ]);
  return {
    given: () => approvalGiven,
    play: async (_, given) => (await playApproval(given as Parameters<typeof playApproval>[0])).broken,
  };
}

async function retentionWorld(): Promise<PropertyWorld> {
  const { playRetention, retentionGiven } = await import('./retention/play.ts');
  return {
    given: () => retentionGiven,
    play: async (_, given) => (await playRetention(given as Parameters<typeof playRetention>[0])).broken,
  };
}

export const WORLDS = ['engine', 'distribution', 'approval', 'retention'] as const;
