/** Judges an image against its pipeline's gates and freezes what was judged as evidence. A closed gate is an answer, not an error. */

import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { keys } from '../../domain/base/naming.ts';
import { type GateInput, type GateResult, judgeGates } from '../../domain/gates/gates.ts';
import { evidenceKeys, InventorySchema } from '../../domain/packages/inventory.ts';
import { ArtifactRecordSchema } from '../../domain/records/bakes.ts';
import type { Documents } from '../../ports/documents.ts';
import { beginStep, endStep, type StepDeps } from '../bakes/steps.ts';
import { readBakeAndRevision } from '../store/bakes.ts';

export interface EvaluateGatesDeps extends StepDeps {
  readonly documents: Documents;
}

export async function evaluateGates(deps: EvaluateGatesDeps, ref: BakeRef): Promise<GateResult> {
  await beginStep(deps, ref, 'Gate');
  const { revision } = await readBakeAndRevision(deps, ref.bake);
  const { variants, gates } = revision.definition;

  const images: GateInput['images'][number][] = [];
  for (const { name } of variants) images.push(await readJudgedImage(deps, ref, name));
  const result = judgeGates({ packages: gates.packages, images });

  const evidence = evidenceKeys.gate(ref.bake, ref.attempt);
  await deps.documents.put(
    evidence,
    canonical({
      ...result,
      packages: gates.packages,
      images: images.map(({ variant, verdict, installed }) => ({
        variant,
        verdict,
        packages: installed.length,
      })),
    }),
    'application/json',
  );
  await endStep(deps, ref, 'Gate', {
    state: result.open ? 'succeeded' : 'failed',
    summary: result.open ? 'All gates are open' : result.reasons.join('; '),
    links: { evidence },
  });
  return result;
}

async function readJudgedImage(
  deps: EvaluateGatesDeps,
  ref: BakeRef,
  variant: string,
): Promise<GateInput['images'][number]> {
  const image = ArtifactRecordSchema.parse(await deps.table.get(keys.artifact(ref.bake, variant)));
  const text = image.inventory === undefined ? undefined : await deps.documents.get(image.inventory);
  // Without its inventory every required package counts as missing: nothing passes by default.
  const installed = text === undefined ? [] : InventorySchema.parse(JSON.parse(text)).packages;
  return { variant, verdict: image.verdict, installed };
}
