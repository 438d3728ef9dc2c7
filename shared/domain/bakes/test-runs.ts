/** The tests of an image: the suites of the definition, then the test phase of its test components; and which of them it did not pass. */
import { findDnsSuffix } from '../base/regions.ts';
import { type Definition, durationSeconds } from '../definitions/definition.ts';
import type { Lock } from '../records/locks.ts';
import type { SuiteResult, TestRecord } from '../records/tests.ts';

export interface TestRun {
  /** `boots` for a suite, `component.web-check` for a component: results, commands and outputs are stored under it. */
  readonly name: string;
  readonly script: string;
  readonly timeoutSeconds: number;
}

type TestSettings = Pick<Definition, 'tests'>;

/** Ends a component that hangs; its steps have time-outs of their own. */
const COMPONENT_SECONDS = 3600;
const COMPONENT = 'component.';

/** The names under which results are expected. A component that is named twice has its position behind its name. */
export function listTestNames({ tests }: TestSettings, lock: Pick<Lock, 'tests'>): string[] {
  const components = lock.tests.map(({ version }) => `${COMPONENT}${componentName(version)}`);
  return [
    ...tests.suites.map((suite) => suite.name),
    ...components.map((name, index) =>
      components.indexOf(name) === index ? name : `${name}.${String(index + 1)}`,
    ),
  ];
}

export function findTestRun(
  definition: TestSettings,
  lock: Pick<Lock, 'tests'>,
  name: string,
  region: string,
): TestRun | undefined {
  const { suites, components } = definition.tests;
  const suite = suites.find((candidate) => candidate.name === name);
  if (suite !== undefined)
    return { name, script: suite.script, timeoutSeconds: durationSeconds(suite.timeout) };
  const index = listTestNames(definition, lock).indexOf(name) - suites.length;
  const component = lock.tests[index];
  if (component === undefined) return undefined;
  const parameters = components[index]?.parameters ?? {};
  return {
    name,
    script: componentScript({ arn: component.version, parameters, region }),
    timeoutSeconds: COMPONENT_SECONDS,
  };
}

/** The name of a test in sentences. */
function describeTest(name: string): string {
  return name.startsWith(COMPONENT) ? `test component ${name.slice(COMPONENT.length)}` : `suite ${name}`;
}

/** One sentence for each test that did not pass and each case that could not be run to its end. Nothing passes by default. */
export function listTestFailures(cases: readonly TestRecord[], names: readonly string[]): string[] {
  return cases.flatMap(({ variant, instanceType, problem, results }) => {
    const testCase = `${variant} on ${instanceType}`;
    if (problem !== undefined) return [`${testCase}: ${problem}`];
    return names.flatMap((name) => {
      const result = results.find(({ suite }) => suite === name);
      if (result?.status === 'passed') return [];
      return [`${testCase}: ${describeTest(name)} ${describeResult(result)}`];
    });
  });
}

function describeResult(result: SuiteResult | undefined): string {
  if (result === undefined) return 'was not run';
  if (result.status === 'timed-out') return 'ran out of time';
  return result.exitCode === undefined ? 'failed' : `failed with exit code ${result.exitCode}`;
}

/** `arn:aws:imagebuilder:eu-west-1:111122223333:component/web-check/1.0.0/1` -> `web-check`. */
function componentName(arn: string): string {
  return arn.split('/')[1] ?? arn;
}

/**
 * A script that fetches AWSTOE from the bucket of the region and runs the test phase of one component build version with it. Its input is a file,
 * so that no parameter has to be quoted (imagebuilder/userguide/toe-component-manager, toe-run-config-input). Only its own result passes.
 */
function componentScript(given: {
  readonly arn: string;
  readonly parameters: Readonly<Record<string, string | readonly string[]>>;
  readonly region: string;
}): string {
  const { arn, parameters, region } = given;
  const suffix = findDnsSuffix(region);
  const values = Object.entries(parameters).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? value : value.join(','),
  }));
  const input = {
    documents: [{ path: arn, ...(values.length === 0 ? {} : { parameters: values }) }],
    phases: 'test',
    logDirectory: './log',
  };
  return [
    'set -u',
    `export AWS_REGION=${region}`,
    'cd "$(mktemp -d)" || exit 1',
    'case "$(uname -m)" in',
    '  x86_64) arch=amd64 ;;',
    '  aarch64 | arm64) arch=arm64 ;;',
    '  *) echo "AWSTOE does not run on $(uname -m)" >&2; exit 1 ;;',
    'esac',
    `curl --fail --silent --show-error --location --retry 3 --output awstoe "https://awstoe-${region}.s3.${region}.${suffix}/latest/linux/$arch/awstoe" || exit 1`,
    'chmod +x awstoe',
    "cat > input.json <<'END_OF_INPUT'",
    JSON.stringify(input),
    'END_OF_INPUT',
    './awstoe run --config input.json > result.json',
    'code=$?',
    'cat result.json',
    'if [ "$code" -eq 0 ] && grep -q \'"status": *"success"\' result.json; then exit 0; fi',
    'find log -name console.log -exec tail -n 100 {} + >&2',
    '[ "$code" -ne 0 ] || code=1',
    'exit "$code"',
  ].join('\n');
}
