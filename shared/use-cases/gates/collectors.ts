import type { GateSubject } from '../../domain/gates/gate.ts';
import { collectPackages, type PackagesPorts } from './packages.ts';

/** The facts that a gate judges, read through its ports. */
export interface Collector<Ports, Settings, Facts> {
  collect(ports: Ports, subject: GateSubject, settings: Settings): Promise<Facts>;
}

export type GatePorts = PackagesPorts;

/**
 * By the gate's name; a gate without a collector judges the subject itself. A collector's ports also go into `GatePorts` above and under `ports` in
 * functions/evaluate-gates/function.yml; then `npm run generate` gives the function their permissions.
 */
export const COLLECTORS: Readonly<Record<string, Collector<GatePorts, unknown, unknown>>> = {
  packages: { collect: collectPackages },
};
