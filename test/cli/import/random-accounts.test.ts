/** Accounts as they may be: whatever stands in them, what is written validates, and every pipeline is either written or left out with a reason. */
import type { Distribution, ImagePipeline, ImageRecipe } from '@aws-sdk/client-imagebuilder';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { importDefinitions } from '../../../cli/import/definitions.ts';
import type { FoundPipeline } from '../../../cli/import/image-builder.ts';
import { cronerCalendar } from '../../../shared/adapters/croner-calendar.ts';
import { systemClock } from '../../../shared/adapters/system-clock.ts';
import { DefinitionSchema } from '../../../shared/domain/definitions/definition.ts';
import { checkTimes } from '../../../shared/use-cases/definitions/check-times.ts';

const NAMES = ['Base', 'web', 'web server', 'batch_jobs', '7'];
const arn = (rest: string) => `arn:aws:imagebuilder:eu-west-1:111122223333:${rest}`;
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const accounts = fc.uniqueArray(fc.constantFrom('111122223333', '444455556666', '777788889999'));

const parentImage = fc.oneof(
  fc.constantFrom(...NAMES).map((name) => arn(`image/${name.toLowerCase().replaceAll(/[ _]/g, '-')}/x.x.x`)),
  fc.constantFrom(
    'ami-0f3c9a1b2d4e5f678',
    'ssm:/aws/service/al2023',
    'ssm:/golden/web',
    'ssm:golden',
    arn('image/base/2.x.x'),
    'prod-abcdef',
    arn('image/web/1.0.0/2'),
    '',
  ),
);

const distribution: fc.Arbitrary<Distribution> = fc.record({
  region: fc.constantFrom('eu-west-1', 'us-east-1'),
  amiDistributionConfiguration: optional(
    fc.record({
      targetAccountIds: optional(accounts),
      launchPermission: optional(fc.record({ userIds: optional(accounts) })),
      kmsKeyId: optional(fc.constantFrom('alias/images', 'arn:aws:kms:eu-west-1:444455556666:key/1')),
      amiTags: optional(fc.dictionary(fc.constantFrom('team', 'cost'), fc.string({ maxLength: 8 }))),
    }),
  ),
  launchTemplateConfigurations: optional(
    fc.array(
      fc.record({
        launchTemplateId: fc.constant('lt-0abcdef1234567890'),
        accountId: optional(fc.constant('444455556666')),
      }),
    ),
  ),
  ssmParameterConfigurations: optional(
    fc.array(fc.record({ parameterName: fc.constantFrom('/golden/web', '/golden/base', 'golden') })),
  ),
});

const schedule = fc.record({
  scheduleExpression: optional(
    fc.constantFrom('rate(1 day)', 'cron(0 2 * * sun)', 'cron(0 0 1W * ? *)', 'cron(0 0 31 2 ? *)'),
  ),
  timezone: optional(fc.constantFrom('UTC', 'Europe/Berlin', 'Etc/GMT+5', 'EST5EDT')),
  pipelineExecutionStartCondition: optional(
    fc.constantFrom(
      'EXPRESSION_MATCH_ONLY' as const,
      'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE' as const,
    ),
  ),
});

const foundPipeline: fc.Arbitrary<FoundPipeline> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    number: fc.nat(3),
    description: optional(fc.string({ maxLength: 600 })),
    status: fc.constantFrom('ENABLED' as const, 'DISABLED' as const),
    schedule: optional(schedule),
    platform: fc.constantFrom('Linux' as const, 'Linux' as const, 'Windows' as const),
    parentImage,
    components: fc.uniqueArray(fc.constantFrom('harden/1.x.x', 'agent/2.1.0', 'boots/x.x.x')),
    instanceTypes: optional(
      fc.array(fc.constantFrom('m5.large', 'm6g.large', 'u-6tb1.metal'), { maxLength: 7 }),
    ),
    volumes: fc.array(
      fc.record({
        deviceName: fc.constantFrom('/dev/xvda', '/dev/sdf', 'xvdz'),
        size: optional(fc.integer({ min: 1, max: 500 })),
      }),
      { maxLength: 3 },
    ),
    distributions: optional(fc.array(distribution, { maxLength: 4 })),
  })
  .map((drawn) => {
    const pipeline: ImagePipeline = {
      arn: arn(`image-pipeline/${drawn.name}-${drawn.number}`),
      name: drawn.name,
      status: drawn.status,
      description: drawn.description,
      schedule: drawn.schedule,
    };
    const recipe: ImageRecipe = {
      arn: arn(`image-recipe/${drawn.name}/1.0.0`),
      name: drawn.name,
      platform: drawn.platform,
      parentImage: drawn.parentImage,
      components: drawn.components.map((name) => ({ componentArn: arn(`component/${name}`) })),
      blockDeviceMappings: drawn.volumes.map(({ deviceName, size }) => ({
        deviceName,
        ebs: { volumeSize: size },
      })),
    };
    return {
      pipeline,
      recipe,
      infrastructure: { instanceTypes: drawn.instanceTypes },
      ...(drawn.distributions === undefined
        ? {}
        : { distribution: { timeoutMinutes: 720, distributions: drawn.distributions } }),
      components: new Map([[arn('component/boots/x.x.x'), { type: 'TEST' as const }]]),
    };
  });

/** Names of the pipelines on the way down from one, or nothing where they go round. */
function ancestors(name: string, baseOf: ReadonlyMap<string, string>): string[] | undefined {
  const path: string[] = [];
  for (let next = baseOf.get(name); next !== undefined; next = baseOf.get(next)) {
    if (path.includes(next) || next === name) return undefined;
    path.push(next);
  }
  return path;
}

it('whatever an account holds, what is written validates and hangs together', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(foundPipeline, { maxLength: 6, selector: ({ pipeline }) => pipeline.arn }),
      (found) => {
        const imported = importDefinitions(found);

        expect(imported.map(({ arn: of }) => of)).toEqual(found.map(({ pipeline }) => pipeline.arn));
        const definitions = imported.flatMap(({ definition }) => definition ?? []);
        const parsed = definitions.map((definition) => DefinitionSchema.parse(definition));
        expect(new Set(parsed.map(({ name }) => name)).size).toBe(parsed.length);
        for (const { definition, skipped } of imported)
          expect((definition === undefined) !== (skipped === undefined || skipped === '')).toBe(true);
        const baseOf = new Map(
          parsed.flatMap(({ name, base }) => ('pipeline' in base ? [[name, base.pipeline] as const] : [])),
        );
        for (const { distribution: own, triggers } of parsed) {
          expect(checkTimes({ calendar: cronerCalendar, clock: systemClock }, { triggers })).toEqual([]);
          const readers = parsed.filter((other) => 'ssm' in other.base && other.base.ssm === own.parameter);
          expect(readers).toEqual([]);
        }
        for (const [name, base] of baseOf) {
          expect(parsed.map((definition) => definition.name)).toContain(base);
          expect(ancestors(name, baseOf)).toBeDefined();
        }
      },
    ),
    { numRuns: 300 },
  );
});
