/** Lines that show pipelines and bakes, each as wide as the terminal at most. */
import type {
  Approval,
  Bake,
  BakeDetails,
  Pipeline,
  PipelineDetails,
} from '../../shared/domain/api/shapes.ts';
import { findArtifactId } from '../../shared/domain/artifacts/artifacts.ts';
import { describeSeconds, truncate, wrap } from '../../shared/domain/base/text.ts';
import { describeChange, describeSelector, describeVersion } from '../../shared/domain/selectors/describe.ts';
import { formatTable, formatTime } from '../output.ts';

export function pipelineTable(pipelines: readonly Pipeline[], width: number): string[] {
  return formatTable(
    [{ title: 'PIPELINE', most: 24 }, { title: 'STATE' }, { title: 'RELEASED' }, { title: 'WHY' }],
    pipelines.map((pipeline) => [
      pipeline.name,
      describeState(pipeline),
      formatTime(pipeline.current?.at),
      describeHold(pipeline),
    ]),
    width,
  );
}

function describeState(pipeline: Pipeline): string {
  if (!pipeline.enabled) return 'disabled';
  if (pipeline.activeBake !== undefined) return 'baking';
  if (pipeline.decision?.kind === 'hold') return 'held';
  if (pipeline.pending) return 'due';
  return pipeline.current === undefined ? 'no image' : 'current';
}

function describeDisabled({ by, at, reason }: NonNullable<Pipeline['disabled']>): string {
  return `${formatTime(at)} by ${by}${reason === '' ? '' : `: ${reason}`}`;
}

function describeHold({ activeBake, decision }: Pipeline): string {
  if (activeBake !== undefined) return `bake ${activeBake}`;
  return decision?.kind === 'hold' ? (decision.reasons[0]?.message ?? '') : '';
}

export function bakeTable(bakes: readonly Bake[], width: number): string[] {
  return formatTable(
    [{ title: 'BAKE' }, { title: 'PIPELINE', most: 16 }, { title: 'STATE' }, { title: 'STARTED' }],
    bakes.map((bake) => [
      bake.id,
      bake.pipeline,
      bake.attempt > 1 ? `${bake.state} (${bake.attempt})` : bake.state,
      formatTime(bake.createdAt),
    ]),
    width,
  );
}

export function approvalTable(approvals: readonly Approval[], width: number): string[] {
  return formatTable(
    [{ title: 'BAKE' }, { title: 'PIPELINE', most: 16 }, { title: 'UNTIL' }, { title: 'ASKED' }],
    approvals.map((approval) => [
      approval.bake,
      approval.pipeline,
      formatTime(approval.expiresAt),
      approval.approvers.join(', '),
    ]),
    width,
  );
}

export function pipelineLines(pipeline: PipelineDetails, width: number): string[] {
  const facts: [string, string][] = [
    ['Pipeline', pipeline.name],
    ['Team', pipeline.team],
    ['State', describeState(pipeline)],
    ...(pipeline.disabled === undefined
      ? []
      : [['Disabled', describeDisabled(pipeline.disabled)] satisfies [string, string]]),
    ['Revision', `${pipeline.revision}, applied by ${pipeline.appliedBy}`],
    ['Channel', pipeline.channel],
    ['Released', formatTime(pipeline.current?.at)],
    ...Object.entries(pipeline.current?.images ?? {}).map(([variant, image]): [string, string] => [
      'Image',
      `${image} (${variant})`,
    ]),
    ...(pipeline.children.length === 0
      ? []
      : [['Children', pipeline.children.join(', ')] satisfies [string, string]]),
  ];
  return [
    ...factLines(facts, width),
    ...(pipeline.decision === undefined || pipeline.decision.reasons.length === 0
      ? []
      : [
          '',
          pipeline.decision.kind === 'hold' ? 'Why it does not bake' : 'Why',
          ...pipeline.decision.reasons.flatMap(({ message }) => wrap(message, width, '  ')),
        ]),
    '',
    'Made of',
    ...pipeline.selectors.map(({ key, version, problem }) =>
      truncate(
        `  ${describeSelector(key)}: ${problem ?? (version === undefined ? 'not resolved yet' : describeVersion(version))}`,
        width,
      ),
    ),
    '',
    ...(pipeline.bakes.length === 0 ? ['No bakes yet.'] : bakeTable(pipeline.bakes, width)),
  ];
}

export function bakeLines(bake: BakeDetails, width: number): string[] {
  const last = bake.attempts.at(-1);
  const facts: [string, string][] = [
    ['Bake', bake.id],
    ['Pipeline', bake.pipeline],
    ['State', `${bake.state}${bake.attempt > 1 ? `, attempt ${bake.attempt}` : ''}`],
    ['Why', bake.reason],
    ['Started', formatTime(bake.createdAt)],
    ['Ended', formatTime(bake.endedAt)],
    ...(bake.requestedBy === undefined ? [] : [['Asked by', bake.requestedBy] satisfies [string, string]]),
    ...bake.images.map(({ artifact, variant }): [string, string] => [
      'Image',
      `${artifact === undefined ? '-' : findArtifactId(artifact)} (${variant})`,
    ]),
    ...bake.images.flatMap(({ inventoryProblem, variant }): [string, string][] =>
      inventoryProblem === undefined ? [] : [['Packages', `not known (${variant}): ${inventoryProblem}`]],
    ),
  ];
  const steps = bake.steps.filter((step) => step.attempt === bake.attempt);
  const verdicts = bake.gates.filter((gate) => gate.attempt === bake.attempt);
  return [
    ...factLines(facts, width),
    ...(bake.changeDetails.length === 0
      ? []
      : [
          '',
          'Takes up',
          ...bake.changeDetails.flatMap((change) => [
            truncate(`  ${describeChange(change)}`, width),
            ...(change.first === undefined
              ? []
              : [truncate(`    from ${describeChange(change.first)}`, width)]),
          ]),
        ]),
    '',
    ...(steps.length === 0
      ? ['No step has begun.']
      : formatTable(
          [{ title: 'STEP' }, { title: 'STATE' }, { title: 'TOOK' }, { title: 'SUMMARY' }],
          steps.map(({ name, state, startedAt, endedAt, summary }) => [
            name,
            state,
            endedAt === undefined
              ? '-'
              : describeSeconds((Date.parse(endedAt) - Date.parse(startedAt)) / 1000),
            summary ?? '',
          ]),
          width,
        )),
    ...steps.flatMap(({ warnings = [] }) =>
      warnings.flatMap((warning) => ['', ...wrap(`Warning: it ${warning}`, width)]),
    ),
    ...(verdicts.length === 0
      ? []
      : [
          '',
          ...formatTable(
            [{ title: 'GATE' }, { title: 'VERDICT' }, { title: 'WHY' }],
            verdicts.map(({ name, outcome, reasons }) => [
              name,
              outcome === 'waiting' && last?.endedAt !== undefined ? 'not judged' : outcome,
              reasons.join('; '),
            ]),
            width,
          ),
        ]),
    ...(last?.failure === undefined
      ? []
      : [
          '',
          `Failed at ${last.failure.step} with ${last.failure.name}`,
          ...wrap(last.failure.reason, width, '  '),
          ...(last.failure.log === undefined ? [] : [`  ${last.failure.log}`]),
        ]),
    ...(bake.targets.length === 0
      ? []
      : [
          '',
          ...formatTable(
            [{ title: 'ACCOUNT' }, { title: 'REGION' }, { title: 'STATE' }, { title: 'IMAGE' }],
            bake.targets.map(({ account, region, state, artifact, problem }) => [
              account,
              region,
              state,
              problem ?? (artifact === undefined ? '-' : findArtifactId(artifact)),
            ]),
            width,
          ),
        ]),
  ];
}

export function factLines(facts: readonly (readonly [string, string])[], width: number): string[] {
  const label = Math.max(...facts.map(([name]) => name.length)) + 2;
  return facts.flatMap(([name, text]) => {
    const lines = wrap(text, width - label);
    return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(label)}${line}`);
  });
}
