import type { GateSubject } from '../../domain/gates/gate.ts';
import { collectPackages, type PackagesPorts } from './packages.ts';

/** The facts that a gate judges, read through its ports. */
export interface Collector<Ports, Settings, Facts> {
  collect(ports: Ports, subject: GateSubject, settings: Settings): Promise<Facts>;
}

export type GatePorts = PackagesPorts;

/** By the gate's name. A gate that is not here judges the subject itself. */
export const COLLECTORS: Readonly<Record<string, Collector<GatePorts, unknown, unknown>>> = {
  packages: { collect: collectPackages },
};
