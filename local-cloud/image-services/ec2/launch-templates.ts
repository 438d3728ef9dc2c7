import type {
  CreateLaunchTemplateRequest,
  CreateLaunchTemplateResult,
  CreateLaunchTemplateVersionRequest,
  CreateLaunchTemplateVersionResult,
  DeleteLaunchTemplateRequest,
  DeleteLaunchTemplateResult,
  DeleteLaunchTemplateVersionsRequest,
  DeleteLaunchTemplateVersionsResult,
  DescribeLaunchTemplatesRequest,
  DescribeLaunchTemplatesResult,
  DescribeLaunchTemplateVersionsRequest,
  DescribeLaunchTemplateVersionsResult,
  LaunchTemplate,
  LaunchTemplateVersion,
  ModifyLaunchTemplateRequest,
  ModifyLaunchTemplateResult,
  ResponseLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { versionName } from '../effects.ts';
import { AwsError, type Call, type Shape } from '../service.ts';
import { type Context, type Operations, once, operation, toRequest } from './context.ts';
import { invalidCombination, invalidValue, missingParameter } from './errors.ts';
import { createMatcher, type FilterTable } from './filters.ts';
import { resolveImageId } from './launch-plan.ts';
import {
  findTemplate,
  resolveVersion,
  templateNotFound,
  versionNotFound,
} from './launch-template-records.ts';
import { takePage } from './pages.ts';
import type { LaunchTemplateRecord, LaunchTemplateVersionRecord } from './records.ts';
import { readTagSpecifications, tagList } from './tags.ts';

const FILTERS: FilterTable<LaunchTemplateRecord> = {
  'create-time': (template) => [template.createdAt.toISOString()],
  'launch-template-name': (template) => [template.name],
};

const VERSION_FILTERS: FilterTable<LaunchTemplateVersionRecord> = {
  'create-time': (version) => [version.createdAt.toISOString()],
  'image-id': ({ data }) => [typeof data.ImageId === 'string' ? data.ImageId : undefined],
  'instance-type': ({ data }) => [typeof data.InstanceType === 'string' ? data.InstanceType : undefined],
};

const LIMITS = { least: 1, most: 200 };

export function launchTemplateOperations(context: Context): Operations {
  const { world, store } = context;
  return {
    CreateLaunchTemplate: operation<CreateLaunchTemplateRequest, CreateLaunchTemplateResult>(
      (request, call) =>
        once(store.at(call), 'CreateLaunchTemplate', request.ClientToken, request, () => {
          const name = request.LaunchTemplateName ?? '';
          if (!/^[a-zA-Z0-9().\-/_]{3,128}$/.test(name)) {
            throw new AwsError(
              'InvalidLaunchTemplateName.MalformedException',
              `The launch template name ${name} is invalid. Names have 3 to 128 of the characters a-z, A-Z, 0-9 and ().-/_`,
            );
          }
          const templates = store.at(call).launchTemplates;
          if ([...templates.values()].some((template) => template.name === name)) {
            throw new AwsError(
              'InvalidLaunchTemplateName.AlreadyExistsException',
              'Launch template name already in use.',
            );
          }
          const template: LaunchTemplateRecord = {
            id: world.ids.launchTemplate(),
            name,
            ownerId: call.account,
            region: call.region,
            createdAt: world.clock.now(),
            createdBy: call.principalArn,
            defaultVersion: 1,
            nextVersion: 2,
            versions: [newVersion(context, call, 1, request.VersionDescription, request.LaunchTemplateData)],
            tags: readTagSpecifications(request.TagSpecifications, ['launch-template'])['launch-template'],
          };
          templates.set(template.id, template);
          return { LaunchTemplate: toTemplate(template) };
        }),
    ),

    CreateLaunchTemplateVersion: operation<
      CreateLaunchTemplateVersionRequest,
      CreateLaunchTemplateVersionResult
    >((request, call) =>
      once(store.at(call), 'CreateLaunchTemplateVersion', request.ClientToken, request, async () => {
        const template = findTemplate(context, call, request);
        // Fields that the request omits are taken from the source version, if it names one.
        const source =
          request.SourceVersion === undefined ? {} : resolveVersion(template, request.SourceVersion).data;
        const data = { ...withoutSnapshots(source), ...request.LaunchTemplateData };
        const version = newVersion(context, call, template.nextVersion, request.VersionDescription, data);
        template.nextVersion += 1;
        template.versions.push(version);
        world.effects.begin('templateVersion', versionName(template.id, version.number));
        const shown = await toVersion(context, template, version, call, request.ResolveAlias === true);
        return { LaunchTemplateVersion: shown };
      }),
    ),

    ModifyLaunchTemplate: operation<ModifyLaunchTemplateRequest, ModifyLaunchTemplateResult>(
      (request, call) => {
        const template = findTemplate(context, call, request);
        if (request.DefaultVersion === undefined) throw missingParameter('SetDefaultVersion');
        const { number } = resolveVersion(template, request.DefaultVersion);
        if (world.effects.isHidden(versionName(template.id, number)))
          throw versionNotFound(template, request.DefaultVersion);
        template.defaultVersion = number;
        return { LaunchTemplate: toTemplate(template) };
      },
    ),

    DescribeLaunchTemplates: operation<DescribeLaunchTemplatesRequest, DescribeLaunchTemplatesResult>(
      (request, call) => {
        const templates = [...store.at(call).launchTemplates.values()];
        const ids = request.LaunchTemplateIds ?? [];
        const names = request.LaunchTemplateNames ?? [];
        for (const id of ids) {
          if (!templates.some((template) => template.id === id))
            throw templateNotFound({ LaunchTemplateId: id });
        }
        for (const name of names) {
          if (!templates.some((template) => template.name === name)) {
            throw templateNotFound({ LaunchTemplateName: name });
          }
        }
        const matches = createMatcher(request.Filters, FILTERS, ({ tags }) => tags);
        const found = templates.filter(
          (template) =>
            (ids.length === 0 || ids.includes(template.id)) &&
            (names.length === 0 || names.includes(template.name)) &&
            matches(template),
        );
        const page = takePage(found, ({ id }) => id, request, LIMITS);
        return {
          LaunchTemplates: page.records.map(toTemplate),
          ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
        };
      },
    ),

    DescribeLaunchTemplateVersions: operation<
      DescribeLaunchTemplateVersionsRequest,
      DescribeLaunchTemplateVersionsResult
    >(async (request, call) => {
      const rows = findVersions(context, request, call);
      const matches = createMatcher(request.Filters, VERSION_FILTERS);
      const found = rows.filter(({ version }) => matches(version));
      const key = ({ template, version }: VersionRow): string =>
        `${template.id}/${String(version.number).padStart(8, '0')}`;
      const page = takePage(found, key, request, LIMITS);
      const shown = page.records.map(({ template, version }) =>
        toVersion(context, template, version, call, request.ResolveAlias === true),
      );
      return {
        // Newest first, as on AWS.
        LaunchTemplateVersions: (await Promise.all(shown)).reverse(),
        ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
      };
    }),

    DeleteLaunchTemplate: operation<DeleteLaunchTemplateRequest, DeleteLaunchTemplateResult>(
      (request, call) => {
        const template = findTemplate(context, call, request);
        store.at(call).launchTemplates.delete(template.id);
        return { LaunchTemplate: toTemplate(template) };
      },
    ),

    DeleteLaunchTemplateVersions: operation<
      DeleteLaunchTemplateVersionsRequest,
      DeleteLaunchTemplateVersionsResult
    >((request, call) => deleteVersions(findTemplate(context, call, request), request.Versions ?? [])),
  };
}

interface VersionRow {
  template: LaunchTemplateRecord;
  version: LaunchTemplateVersionRecord;
}

function findVersions(
  context: Context,
  request: DescribeLaunchTemplateVersionsRequest,
  call: Call,
): VersionRow[] {
  const wanted = request.Versions ?? [];
  if (request.LaunchTemplateId === undefined && request.LaunchTemplateName === undefined) {
    // Without a template only these two versions are allowed [M:DescribeLaunchTemplateVersionsRequest.Versions].
    if (wanted.length === 0) throw missingParameter('LaunchTemplateId');
    if (wanted.some((version) => version !== '$Latest' && version !== '$Default')) {
      throw invalidCombination('A version number needs the launch template that it belongs to.');
    }
    return [...context.store.at(call).launchTemplates.values()].flatMap((template) =>
      keepDistinct(wanted.map((version) => ({ template, version: resolveVersion(template, version) }))),
    );
  }
  const template = findTemplate(context, call, request);
  const least = Number(request.MinVersion ?? 1);
  const most = Number(request.MaxVersion ?? Number.MAX_SAFE_INTEGER);
  if (wanted.length === 0) {
    return template.versions
      .filter(({ number }) => number >= least && number <= most)
      .map((version) => ({ template, version }));
  }
  return keepDistinct(wanted.map((version) => ({ template, version: resolveVersion(template, version) })));
}

function keepDistinct(rows: readonly VersionRow[]): VersionRow[] {
  return [...new Map(rows.map((row) => [row.version.number, row])).values()];
}

function newVersion(
  { world }: Context,
  call: Call,
  number: number,
  description: string | undefined,
  data: object | undefined,
): LaunchTemplateVersionRecord {
  if ((description ?? '').length > 255) throw invalidValue(description ?? '', 'versionDescription');
  return {
    number,
    description,
    createdAt: world.clock.now(),
    createdBy: call.principalArn,
    data: { ...data },
  };
}

/** Snapshots in the mappings of a source version are not taken over (docs/aws/ec2-images.md#parameters-and-launch-templates). */
function withoutSnapshots(data: Shape): Shape {
  const { BlockDeviceMappings: mappings } = toRequest<{
    BlockDeviceMappings?: { Ebs?: { SnapshotId?: string } }[];
  }>(data);
  if (mappings === undefined) return data;
  return {
    ...data,
    BlockDeviceMappings: mappings.map((mapping) => {
      if (mapping.Ebs?.SnapshotId === undefined) return mapping;
      const { SnapshotId: _, ...ebs } = mapping.Ebs;
      return { ...mapping, Ebs: ebs };
    }),
  };
}

function deleteVersions(
  template: LaunchTemplateRecord,
  versions: readonly string[],
): DeleteLaunchTemplateVersionsResult {
  const named = { LaunchTemplateId: template.id, LaunchTemplateName: template.name };
  const result = {
    SuccessfullyDeletedLaunchTemplateVersions: [] as { VersionNumber: number }[],
    UnsuccessfullyDeletedLaunchTemplateVersions: [] as object[],
  } satisfies DeleteLaunchTemplateVersionsResult;
  for (const text of versions) {
    const number = Number(text);
    const found = template.versions.find((version) => version.number === number);
    if (found === undefined || number === template.defaultVersion) {
      result.UnsuccessfullyDeletedLaunchTemplateVersions.push({
        ...named,
        VersionNumber: number,
        ResponseError:
          found === undefined
            ? {
                Code: 'launchTemplateVersionDoesNotExist',
                Message: `The launch template version ${text} does not exist.`,
              }
            : {
                Code: 'unexpectedError',
                Message: 'The default version of a launch template cannot be deleted.',
              },
      });
    } else {
      template.versions = template.versions.filter((version) => version !== found);
      result.SuccessfullyDeletedLaunchTemplateVersions.push({ ...named, VersionNumber: number });
    }
  }
  return result;
}

function toTemplate(template: LaunchTemplateRecord): LaunchTemplate {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    CreateTime: template.createdAt,
    CreatedBy: template.createdBy,
    DefaultVersionNumber: template.defaultVersion,
    LatestVersionNumber: template.versions.at(-1)?.number,
    Tags: Object.keys(template.tags).length === 0 ? undefined : tagList(template.tags),
  };
}

async function toVersion(
  context: Context,
  template: LaunchTemplateRecord,
  version: LaunchTemplateVersionRecord,
  call: Call,
  resolveAlias: boolean,
): Promise<LaunchTemplateVersion> {
  const data = toRequest<ResponseLaunchTemplateData>({ ...version.data });
  if (resolveAlias && data.ImageId !== undefined) {
    data.ImageId = await resolveImageId(context, data.ImageId, call);
  }
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    VersionNumber: version.number,
    VersionDescription: version.description,
    CreateTime: version.createdAt,
    CreatedBy: version.createdBy,
    DefaultVersion: version.number === template.defaultVersion,
    LaunchTemplateData: data,
  };
}
