import { expect, it } from '@jest/globals';
import type { GateKind } from '../../shared/domain/gates/gate.ts';
import { GATES } from '../../shared/domain/gates/registry.ts';
import { scanGate } from '../support/made-up/scan-gate.ts';
import { type GateFixture, gateContract } from './gates.ts';

const ref = { bake: '01JTESTBAKE0000000000000WB', attempt: 1 };
const images = [{ variant: 'x86-64', installed: [{ name: 'nginx', version: '1.26' }] }];

/** A further gate adds its own. */
const FIXTURES: Readonly<Record<(typeof GATES)[number]['name'] | 'scan', GateFixture>> = {
  tests: {
    settings: undefined,
    passing: { ...ref, images: [{ variant: 'x86-64', verdict: 'passed' }] },
    nothing: { ...ref, images: [] },
    others: [
      { ...ref, images: [{ variant: 'x86-64' }] },
      { ...ref, images: [{ variant: 'x86-64', verdict: 'failed', testFailures: ['suite boots failed'] }] },
    ],
  },
  packages: {
    settings: { require: ['nginx'], forbid: [] },
    passing: { images },
    nothing: { images: [] },
    others: [
      { images: [{ variant: 'x86-64', installed: [] }] },
      { images: [{ variant: 'x86-64', problem: 'it ran out of time' }] },
    ],
  },
  scan: {
    settings: { ignore: [] },
    passing: { ended: true, found: [] },
    nothing: { ended: false, found: [] },
    others: [{ ended: true, found: ['CVE-1'] }],
  },
};

const kinds: readonly (GateKind<unknown, unknown> & { readonly name: keyof typeof FIXTURES })[] = [
  ...GATES,
  scanGate,
];
for (const kind of kinds) gateContract(kind, FIXTURES[kind.name]);

it('no two gates have one name', () => {
  expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
});
