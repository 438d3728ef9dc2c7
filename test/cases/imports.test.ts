/** What `ovenbird import image-builder` makes of the answers of EC2 Image Builder in the folders. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type Imported, importDefinitions } from '../../cli/import/definitions.ts';
import type { FoundPipeline } from '../../cli/import/image-builder.ts';
import { formatFile } from '../../cli/import/text.ts';
import { DefinitionSchema } from '../../shared/domain/definitions/definition.ts';
import { parseDefinition } from '../../shared/use-cases/definitions/parse-definition.ts';
import { findInput, inputWorld } from './inputs.ts';

function readAccount(folder: string): FoundPipeline[] {
  const { pipelines } = JSON.parse(readFileSync(findInput(`${folder}/image-builder.json`), 'utf8'));
  return pipelines.map((entry: FoundPipeline) => ({
    ...entry,
    components: new Map(Object.entries(entry.components ?? {})),
  }));
}

/** The first pipeline of an account, whose file is a definition. */
function importFirst(folder: string, change: (account: FoundPipeline[]) => void = () => {}): Imported {
  const account = readAccount(folder);
  change(account);
  const [imported] = importDefinitions(account);
  if (imported?.definition === undefined) throw new Error(imported?.skipped);
  expect(() => parseDefinition(inputWorld().ports, parse(formatFile(imported, 'schema.json')))).not.toThrow();
  return imported;
}
const findNotes = ({ notes }: Imported, field: RegExp) => notes.filter((note) => field.test(note.field));

it('begins with a note on the suite that cannot fail', () => {
  const imported = importFirst('import-without-anchors');

  expect(imported.notes[0]).toEqual({
    field: 'tests.suites[0]',
    reason: expect.stringContaining('Nothing else tests the image'),
  });
  expect(formatFile(imported, 'schema.json').split('\n')[4]).toContain('tests.suites[0]: The suite "boots"');
});

it('takes components of the Marketplace and of third parties over as they are', () => {
  const [falcon, cis] = importDefinitions(readAccount('marketplace-components'));

  expect(falcon?.definition?.components).toEqual([
    {
      component:
        'arn:aws:imagebuilder:eu-west-1:aws-marketplace:component/vendor-agent-linux-prod-abc123/x.x.x',
    },
  ]);
  expect(cis?.definition?.components).toEqual([
    {
      component:
        'arn:aws:imagebuilder:eu-west-1:third-party:component/cis-benchmark-level-1-amazon-linux/x.x.x',
    },
  ]);
});

it.each([
  ['ssm:golden-ami', 'golden-ami', undefined],
  ['ssm:/golden-ami', '/golden-ami', undefined],
  ['ssm:arn:aws:ssm:eu-west-1:111122223333:parameter/images/golden', '/images/golden', undefined],
  ['ssm:arn:aws:ssm:eu-west-1:111122223333:parameter/golden-ami', 'golden-ami', 'and of /golden-ami'],
])('names the parameter that Image Builder reads: %s', (parentImage, ssm, note) => {
  const imported = importFirst('parameter-without-slash', ([entry]) =>
    Object.assign(entry?.recipe ?? {}, { parentImage }),
  );

  expect(imported.definition?.base).toEqual({ ssm });
  expect(findNotes(imported, /parentImage/).map(({ reason }) => reason)).toEqual(
    note === undefined ? [] : [expect.stringContaining(note)],
  );
});

it('leaves out what is built on a parameter of another account', () => {
  const account = readAccount('parameter-without-slash');
  const parentImage = 'ssm:arn:aws:ssm:eu-west-1:444455556666:parameter/images/golden';
  Object.assign(account[0]?.recipe ?? {}, { parentImage });

  expect(importDefinitions(account)[0]?.skipped).toContain('a parameter of the account 444455556666');
});

it('follows a pipeline that writes the parameter, by its ARN as well', () => {
  const account = readAccount('parameter-without-slash');
  const golden = structuredClone(account[0]) as FoundPipeline;
  Object.assign(golden.pipeline, { name: 'golden', arn: golden.pipeline.arn?.replace('on-plain', 'golden') });
  Object.assign(golden, {
    components: new Map(),
    recipe: { ...golden.recipe, parentImage: 'ami-0123456789abcdef0' },
    distribution: {
      timeoutMinutes: 720,
      distributions: [{ region: 'eu-west-1', ssmParameterConfigurations: [{ parameterName: 'golden-ami' }] }],
    },
  });

  for (const parentImage of [
    'ssm:golden-ami',
    'ssm:arn:aws:ssm:eu-west-1:111122223333:parameter/golden-ami',
  ]) {
    Object.assign(account[0]?.recipe ?? {}, { parentImage });
    expect(importDefinitions([...account, golden])[0]?.definition?.base).toEqual({ pipeline: 'golden' });
  }
});

it('says that a volume which the recipe takes away stays in the image', () => {
  const imported = importFirst('no-device');

  expect(imported.definition?.build).toEqual({ rootVolumeGiB: 20 });
  expect(findNotes(imported, /sdb/)).toEqual([
    {
      field: 'imageRecipe.blockDeviceMappings /dev/sdb.noDevice',
      reason: expect.stringContaining('it stays in the image'),
    },
  ]);
});

it('notes of each volume what is true of the definition beside it', () => {
  const imported = importFirst('volume-notes');
  const reasons = (device: string) => findNotes(imported, new RegExp(device)).map(({ reason }) => reason);

  expect(imported.definition?.build?.dataVolumes).toEqual([
    { device: '/dev/sdg', sizeGiB: 100 },
    { device: '/dev/sdh', sizeGiB: 500 },
  ]);
  expect(reasons('sdf')).toEqual([
    '/dev/sdf is left out: its size is that of the snapshot, which a definition cannot name.',
  ]);
  expect(reasons('sdg')).toEqual([
    '/dev/sdg begins empty, not from snap-0fedcba9876543210.',
    expect.stringContaining('Lost: io2, 5000 IOPS. Where the parent has no /dev/sdg, the volume gets'),
  ]);
  expect(reasons('sdh')).toEqual([expect.stringContaining('Lost: st1.')]);
});

it.each([
  [{ encrypted: false }, 'None stays unencrypted'],
  [{ deleteOnTermination: false }, 'deleted with them'],
])('notes members whose meaning is that they are false: %j', (ebs, reason) => {
  const imported = importFirst('no-device', ([entry]) =>
    Object.assign(entry?.recipe?.blockDeviceMappings?.[0]?.ebs ?? {}, ebs),
  );

  expect(findNotes(imported, /xvda/)).toMatchObject([{ reason: expect.stringContaining(reason) }]);
});

it('says which targets are left out where there are too many', () => {
  const imported = importFirst('more-than-100-targets');

  expect(imported.definition?.distribution?.targets).toHaveLength(100);
  expect(findNotes(imported, /^distributionConfiguration$/)).toEqual([
    {
      field: 'distributionConfiguration',
      reason: expect.stringContaining(
        'At most 100 of 103 targets are taken; left out: 100000000101 eu-west-1, 100000000102 eu-west-1, 100000000103 eu-west-1.',
      ),
    },
  ]);
});

it('says which components are left out where there are too many', () => {
  const component = (index: number) => ({
    componentArn: `arn:aws:imagebuilder:eu-west-1:111122223333:component/part-${index}/x.x.x`,
  });
  const imported = importFirst('import-without-anchors', ([entry]) =>
    Object.assign(entry?.recipe ?? {}, {
      components: Array.from({ length: 22 }, (_, index) => component(index)),
    }),
  );

  expect(imported.definition?.components).toHaveLength(20);
  expect(findNotes(imported, /imageRecipe.components/).map(({ reason }) => reason)).toContainEqual(
    expect.stringContaining(
      'At most 20 of 22 components are taken; left out: arn:aws:imagebuilder:eu-west-1:111122223333:component/part-20/x.x.x',
    ),
  );
});

it('writes every value out, so that a change of one field changes nothing else', () => {
  const text = formatFile(importFirst('import-without-anchors'), 'schema.json');

  expect(text).not.toMatch(/[&*]a[0-9]/);
  expect(text.match(/- m5a\.large/g)).toHaveLength(2);
});

it('keeps texts that YAML would take for something else', () => {
  const texts = [
    '012345678901',
    'yes',
    '2026-11-21',
    '1e3',
    'Größe',
    ' padded ',
    'a: b',
    '#no',
    '1.0',
    'null',
  ];
  for (const description of texts) {
    const imported = importFirst('import-without-anchors', ([entry]) =>
      Object.assign(entry?.pipeline ?? {}, { description }),
    );
    expect(DefinitionSchema.parse(parse(formatFile(imported, 'schema.json'))).description).toBe(description);
  }
});
