/** What must hold before anybody is asked to approve an image. Pure: inventory and verdict in, reasons out. */

import { describeTest } from '../bakes/test-runs.ts';
import type { Definition } from '../definitions/definition.ts';
import type { SuiteResult, TestRecord } from '../records/tests.ts';

export interface GateInput {
  readonly packages: Definition['gates']['packages'];
  readonly images: readonly {
    readonly variant: string;
    readonly verdict: 'passed' | 'failed' | undefined;
    readonly installed: readonly { readonly name: string; readonly version: string }[];
  }[];
}

export interface GateResult {
  readonly open: boolean;
  /** One sentence for each thing that keeps it closed. */
  readonly reasons: string[];
}

export function judgeGates(input: GateInput): GateResult {
  const reasons = input.images.flatMap(({ variant, verdict, installed }) => {
    const versions = new Map(installed.map(({ name, version }) => [name, version]));
    return [
      ...(verdict === 'passed' ? [] : [`${variant}: its tests have not passed`]),
      ...input.packages.require
        .filter((name) => !versions.has(name))
        .map((name) => `${variant}: required package ${name} is not installed`),
      ...input.packages.forbid
        .filter((name) => versions.has(name))
        .map((name) => `${variant}: forbidden package ${name} ${versions.get(name)} is installed`),
    ];
  });
  if (input.images.length === 0) reasons.push('there is no image to judge');
  return { open: reasons.length === 0, reasons };
}

/** One sentence for each suite and test component that did not pass and each case that could not be run to its end. Nothing passes by default. */
export function listTestFailures(tests: readonly TestRecord[], suites: readonly string[]): string[] {
  return tests.flatMap((test) => {
    const place = `${test.variant} on ${test.instanceType}`;
    if (test.problem !== undefined) return [`${place}: ${test.problem}`];
    return suites.flatMap((suite) => {
      const result = test.results.find((entry) => entry.suite === suite);
      if (result?.status === 'passed') return [];
      return [`${place}: ${describeTest(suite)} ${describeSuiteResult(result)}`];
    });
  });
}

function describeSuiteResult(result: SuiteResult | undefined): string {
  if (result === undefined) return 'was not run';
  if (result.status === 'timed-out') return 'ran out of time';
  return result.exitCode === undefined ? 'failed' : `failed with exit code ${result.exitCode}`;
}
