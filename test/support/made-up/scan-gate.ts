/** A gate that the product does not have: it waits until a scan has ended, and passes when the scan found nothing. */
import * as z from 'zod';
import type { GateKind, GateSubject } from '../../../shared/domain/gates/gate.ts';

const Settings = z.strictObject({ ignore: z.array(z.string()) }).default({ ignore: [] });
type ScanSettings = z.output<typeof Settings>;

export interface ScanFacts {
  readonly ended: boolean;
  readonly found: readonly string[];
}

/** Seconds between two looks at a scan. */
export const LOOK_SECONDS = 600;

export const scanGate = {
  name: 'scan',
  settings: Settings,
  judge({ ended, found }, { ignore }, now) {
    if (!ended) {
      const lookAgainAt = new Date(now.getTime() + LOOK_SECONDS * 1000).toISOString();
      return { outcome: 'waiting', reasons: ['the scan has not ended'], lookAgainAt };
    }
    const counts = found.filter((finding) => !ignore.includes(finding));
    return {
      outcome: counts.length === 0 ? 'passed' : 'failed',
      reasons: counts.length === 0 ? ['the scan found nothing'] : counts.map((id) => `the scan found ${id}`),
      evidence: { found, ignore },
    };
  },
} as const satisfies GateKind<ScanSettings, ScanFacts>;

/** What the scanner answers; tests change it. */
export const scanner: { facts: ScanFacts; asked: GateSubject[] } = {
  facts: { ended: true, found: [] },
  asked: [],
};

export const scanCollector = {
  collect: async (_ports: unknown, subject: GateSubject) => {
    scanner.asked.push(subject);
    return scanner.facts;
  },
};
