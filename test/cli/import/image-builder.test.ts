/** `ovenbird import image-builder` against the image services of the local cloud, which answer as Image Builder does. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateDistributionConfigurationCommand,
  CreateImagePipelineCommand,
  type CreateImagePipelineCommandInput,
} from '@aws-sdk/client-imagebuilder';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import {
  arn,
  componentData,
  createComponent,
  createImage,
  createInfrastructure,
  createRecipe,
  reached,
} from '../../local-cloud/image-services/imagebuilder/recipes.ts';
import { account, type ImageServiceServer, region, serve } from '../../local-cloud/image-services/serve.ts';
import { ovenbird } from '../run.ts';

let served: ImageServiceServer;
let endpoint: string;
let folder: string;

const createPipeline = (name: string, more: Partial<CreateImagePipelineCommandInput>) =>
  served.imagebuilder.send(
    new CreateImagePipelineCommand({
      name,
      infrastructureConfigurationArn: arn('infrastructure-configuration/infra'),
      ...more,
    }),
  );

/** A base, an image on top of it, and enough others for a second page. */
beforeAll(async () => {
  served = await serve();
  const config = await served.imagebuilder.config.endpoint?.();
  endpoint = `http://${config?.hostname}:${config?.port}`;
  const ami = await served.publishBase();
  const infrastructure = await createInfrastructure(served);
  await createComponent(served, 'harden');
  await createComponent(served, 'boots', '1.0.0', componentData('test'));
  const base = await createRecipe(served, 'Golden Base', ami, [
    arn('component/harden/1.x.x'),
    arn('component/boots/1.x.x'),
  ]);
  await reached(served, await createImage(served, base, infrastructure), 'AVAILABLE');
  const { distributionConfigurationArn } = await served.imagebuilder.send(
    new CreateDistributionConfigurationCommand({
      name: 'wide',
      distributions: [
        {
          region,
          amiDistributionConfiguration: { targetAccountIds: ['444455556666'] },
          ssmParameterConfigurations: [{ parameterName: '/golden/web' }],
        },
      ],
    }),
  );
  await createPipeline('Golden Base', {
    imageRecipeArn: base,
    schedule: {
      scheduleExpression: 'cron(0 2 ? * sun *)',
      timezone: 'Europe/Berlin',
      pipelineExecutionStartCondition: 'EXPRESSION_MATCH_ONLY',
    },
  });
  const web = await createRecipe(served, 'web', arn('image/golden-base/x.x.x'));
  await createPipeline('web', { imageRecipeArn: web, distributionConfigurationArn });
  for (let n = 0; n < 26; n += 1) await createPipeline(`many-${n}`, { imageRecipeArn: web });
});

afterAll(() => served.close());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ovenbird-import-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) =>
  ovenbird(['import', 'image-builder', '--out', folder, ...args], {
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: account,
      AWS_SECRET_ACCESS_KEY: 'local',
    },
  });
const files = () => readdirSync(folder).filter((name) => name.endsWith('.yml'));

describe('ovenbird import image-builder', () => {
  it('writes definitions of all pipelines that validate', async () => {
    const { code, stdout, stderr } = await run();

    expect([code, stderr]).toEqual([0, '28 definitions written.\n']);
    expect(stdout).toContain('Golden Base -> ');
    expect(stdout.split('\n').filter((line) => line.length > 80 && !line.includes(folder))).toEqual([]);
    expect(files()).toHaveLength(28);
    const web = readFileSync(join(folder, 'web.yml'), 'utf8');
    expect(web).toContain('base:\n  pipeline: golden-base\n');
    expect(web).toContain('parameter: /golden/web\n');
    const base = readFileSync(join(folder, 'golden-base.yml'), 'utf8');
    expect(base).toContain('startCondition: always\n');
    expect(base).toMatch(/tests:[\s\S]+components:\n\s+- component: .*component\/boots\/1\.x\.x/);
    const valid = await ovenbird(['validate', ...files().map((name) => join(folder, name))]);
    expect([valid.code, valid.stdout]).toEqual([0, '28 files valid.\n']);
  });

  it('lists what has no equivalent, for programs too', async () => {
    const { stdout } = await run('--json');

    const Said = z.object({
      region: z.string(),
      pipelines: z.array(
        z.object({
          name: z.string(),
          file: z.string(),
          notes: z.array(z.object({ field: z.string(), reason: z.string() })),
        }),
      ),
    });
    const said = Said.parse(JSON.parse(stdout));
    const web = said.pipelines.find(({ name }) => name === 'web');
    expect(said.region).toBe(region);
    expect(web?.notes.map(({ field }) => field)).toEqual([
      'tests.suites[0]',
      'infrastructureConfiguration.instanceProfileName',
    ]);
  });

  it('overwrites nothing unless it is told to', async () => {
    writeFileSync(join(folder, 'web.yml'), 'mine');

    const refused = await run();
    expect([refused.code, files(), readFileSync(join(folder, 'web.yml'), 'utf8')]).toEqual([
      4,
      ['web.yml'],
      'mine',
    ]);
    expect(refused.stderr).toContain('--force');

    expect((await run('--force')).code).toBe(0);
    expect(readFileSync(join(folder, 'web.yml'), 'utf8')).toContain('pipeline: golden-base');
  });

  it('asks for the permission that is missing', async () => {
    served.denied.add('imagebuilder:GetImageRecipe');

    const { code, stderr } = await run();
    served.denied.clear();

    expect(code).toBe(1);
    expect(stderr).toContain('imagebuilder:GetImageRecipe');
    expect(files()).toEqual([]);
  });

  it('changes nothing at Image Builder', async () => {
    served.asked.length = 0;

    await run();

    const actions = new Set(served.asked.map(({ action }) => action));
    expect([...actions].filter((action) => !/^imagebuilder:(?:List|Get)/.test(action))).toEqual([]);
  });
});
