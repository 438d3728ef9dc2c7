/** What a scenario that fits its schema still cannot be played with. Found before anything starts. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadDefinitions } from '../../cli/definition-file.ts';
import { describeProblem } from '../../cli/exit.ts';
import { InvalidDefinition } from '../../shared/domain/base/errors.ts';
import type { Definition } from '../../shared/domain/definitions/definition.ts';
import type { Scenario } from './schema.ts';

export interface ScenarioProblem {
  readonly field: string;
  readonly message: string;
}

interface NamedFile {
  readonly field: string;
  readonly file: string;
}

/** The definitions that a scenario applies, in their order; one by one, since several may be of one pipeline. */
export function readDefinitions(scenario: Scenario, folder: string): Definition[] {
  return listApplied(scenario)
    .flatMap(({ file }) => loadDefinitions([resolve(folder, file)]))
    .map(({ definition }) => definition);
}

export function findScenarioProblems(scenario: Scenario, folder: string): ScenarioProblem[] {
  const files = [...findMissingFiles(scenario, folder), ...findInvalidDefinitions(scenario, folder)];
  const accounts = findAccountProblems(scenario);
  if (files.length > 0) return [...accounts, ...files];
  const definitions = readDefinitions(scenario, folder);
  return [
    ...accounts,
    ...findUnknownPipelines(scenario, new Set(definitions.map(({ name }) => name))),
    ...findMissingApprovers(scenario, definitions),
  ];
}

function findAccountProblems({ targets, control }: Scenario): ScenarioProblem[] {
  if (targets.length === 0) return [{ field: 'targets', message: 'name at least one account' }];
  return targets.flatMap(({ account }, index) =>
    account === control.account
      ? [{ field: `targets[${index}].account`, message: 'is the control account; name another one' }]
      : [],
  );
}

function listApplied({ timeline }: Scenario): NamedFile[] {
  return timeline.flatMap(({ do: action }, index) =>
    'apply' in action
      ? action.apply.map((file, position) => ({ file, field: `timeline[${index}].do.apply[${position}]` }))
      : [],
  );
}

function findMissingFiles(scenario: Scenario, folder: string): ScenarioProblem[] {
  const named: NamedFile[] = [
    ...listApplied(scenario),
    ...scenario.components.flatMap(({ file }, index) =>
      file === undefined ? [] : [{ file, field: `components[${index}].file` }],
    ),
    ...scenario.timeline.flatMap(({ do: action }, index) => {
      const field = `timeline[${index}].do`;
      if ('publishComponent' in action)
        return [{ file: action.publishComponent.file, field: `${field}.publishComponent.file` }];
      if ('plan' in action)
        return action.plan.apply.map((file, position) => ({
          file,
          field: `${field}.plan.apply[${position}]`,
        }));
      return [];
    }),
  ];
  return named
    .filter(({ file }) => !existsSync(resolve(folder, file)))
    .map(({ file, field }) => ({ field, message: `${file} does not exist beside the scenario` }));
}

function findInvalidDefinitions(scenario: Scenario, folder: string): ScenarioProblem[] {
  return listApplied(scenario)
    .filter(({ file }) => existsSync(resolve(folder, file)))
    .flatMap(({ file, field }) => {
      try {
        loadDefinitions([resolve(folder, file)]);
        return [];
      } catch (error) {
        if (!(error instanceof InvalidDefinition)) throw error;
        return error.problems.map((problem) => ({ field, message: describeProblem(problem) }));
      }
    });
}

/** Pipelines that are expected to do something, and that no entry applies. */
function findUnknownPipelines({ expect }: Scenario, known: ReadonlySet<string>): ScenarioProblem[] {
  return expect.flatMap((expectation, index) =>
    Object.entries(expectation).flatMap(([kind, asked]) =>
      Object.entries(typeof asked === 'object' ? asked : {}).flatMap(([name, value]) =>
        ['pipeline', 'parent', 'child'].includes(name) && typeof value === 'string' && !known.has(value)
          ? [{ field: `expect[${index}].${kind}.${name}`, message: `no entry applies a pipeline ${value}` }]
          : [],
      ),
    ),
  );
}

function findMissingApprovers(
  { approvers, approvals }: Scenario,
  definitions: readonly Definition[],
): ScenarioProblem[] {
  if (approvers.length > 0 || approvals.every(({ decision }) => decision === 'ignore')) return [];
  const asking = definitions.find(({ approval }) => approval.required);
  return asking === undefined
    ? []
    : [{ field: 'approvers', message: `name those whom ${asking.name} asks: they get mails and answer` }];
}
