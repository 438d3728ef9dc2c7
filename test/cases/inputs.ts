/** The inputs in the folders of test/cases, as the commands read them. */
import { join } from 'node:path';
import { type DefinitionFile, loadDefinitions } from '../../cli/definition-file.ts';
import { InvalidDefinition, type Problem } from '../../shared/domain/base/errors.ts';
import { applyDefinition } from '../../shared/use-cases/definitions/apply-definition.ts';
import { ami, type ReconcileWorld, reconcileWorld } from '../support/reconcile-world.ts';

export const BASE = '/aws/service/case/base';
export const BASE_AMI = ami(41);
export const ARM_BASE = '/aws/service/case/base-arm64';
export const ARM_AMI = ami(42);

/** A file such as `windows-base/pipeline.yml`. */
export function findInput(file: string): string {
  return join(import.meta.dirname, file);
}

export function loadInput(file: string): DefinitionFile {
  const [loaded] = loadDefinitions([findInput(file)]);
  if (loaded === undefined) throw new Error(`${file} holds no definition.`);
  return loaded;
}

/** What `ovenbird validate` finds. */
export function validateInput(file: string): readonly Problem[] {
  return collectProblems(() => void loadInput(file));
}

/** A world with the bases that the inputs name. */
export function inputWorld(): ReconcileWorld {
  const world = reconcileWorld();
  world.parameters.set(BASE, BASE_AMI);
  world.parameters.set(ARM_BASE, ARM_AMI);
  world.bases.set(BASE_AMI, {});
  world.bases.set(ARM_AMI, { architecture: 'arm64', bootMode: 'uefi' });
  return world;
}

/** What `ovenbird apply` finds of a file; `change` changes the definition before. */
export async function applyInput(
  world: ReconcileWorld,
  file: string,
  change: (definition: DefinitionFile['definition']) => object = (definition) => definition,
): Promise<readonly Problem[]> {
  const { definition } = loadInput(file);
  try {
    await applyDefinition(world.ports, { definition: change(definition), by: 'anna' });
    return [];
  } catch (error) {
    if (error instanceof InvalidDefinition) return error.problems;
    throw error;
  }
}

export function collectProblems(act: () => void): readonly Problem[] {
  try {
    act();
    return [];
  } catch (error) {
    if (error instanceof InvalidDefinition) return error.problems;
    throw error;
  }
}
