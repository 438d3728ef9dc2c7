import type {
  CopyImageRequest,
  CreateTagsRequest,
  DeleteTagsRequest,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import type { Call, Permission, Shape } from '../service.ts';
import { type Context, imageArn, ownedArn, snapshotArn, toRequest } from './context.ts';
import {
  createTags,
  imageContext,
  snapshotContext,
  tagsFor,
  toOwner,
  volumePermissionContexts,
} from './permission-contexts.ts';
import { runInstancesPermissions } from './run-permissions.ts';
import { ownTaggables } from './tag-operations.ts';
import { requestTagContext, resourceTagContext } from './tags.ts';

interface NamedResources {
  ImageId?: string;
  SnapshotId?: string;
  InstanceId?: string;
  InstanceIds?: string[];
  LaunchTemplateId?: string;
  LaunchTemplateName?: string;
  GroupId?: string;
  SourceImageId?: string;
  SourceRegion?: string;
  SourceSnapshotId?: string;
  Attribute?: string;
  TagSpecifications?: TagSpecification[];
}

// Operations that take no resource: everything that describes, and settings of the account [IAM:ec2].
const WITHOUT_RESOURCE =
  /^(?:Describe(?!ImageAttribute|SnapshotAttribute)|Get|EnableEbs|DisableEbs|ModifyEbs|ResetEbs)/;

const OF_IMAGE =
  /^(?:DescribeImageAttribute|ModifyImageAttribute|ResetImageAttribute|DeregisterImage|(?:Enable|Disable)Image.*)$/;
const OF_SNAPSHOT = /^(?:DescribeSnapshotAttribute|ModifySnapshotAttribute|DeleteSnapshot)$/;
const OF_INSTANCES = /^(?:Stop|Terminate)Instances$/;
const OF_LAUNCH_TEMPLATE =
  /^(?:ModifyLaunchTemplate|DeleteLaunchTemplate|CreateLaunchTemplateVersion|DeleteLaunchTemplateVersions)$/;

/** The permissions that a request needs, with resources and condition keys (docs/aws/permissions.md#ec2). */
export async function listPermissions(
  context: Context,
  operation: string,
  input: Shape,
  call: Call,
): Promise<Permission[]> {
  const action = `ec2:${operation}`;
  const request = toRequest<NamedResources>(input);
  const region = { 'ec2:Region': call.region };
  if (WITHOUT_RESOURCE.test(operation)) return [{ action, resource: '*', context: region }];
  const at = (resource: string, extra: Record<string, string> = {}): Permission => ({
    action,
    resource,
    context: { ...region, ...extra },
  });
  const home = context.store.at(call);

  if (OF_IMAGE.test(operation)) {
    const id = request.ImageId ?? '';
    const image = context.store.images(call.region).get(id);
    const attribute = request.Attribute ?? readAttribute(operation, input);
    return [
      at(imageArn(call.region, id), {
        ...imageContext(image, call),
        ...(attribute === undefined ? {} : { 'ec2:Attribute': attribute }),
      }),
      ...(operation === 'DeregisterImage' && input.DeleteAssociatedSnapshots === true
        ? (image?.devices ?? []).map(({ snapshotId }) => ({
            action: 'ec2:DeleteSnapshot',
            resource: snapshotArn(call.region, snapshotId),
            context: { ...region, ...snapshotContext(context.store.snapshots(call.region).get(snapshotId)) },
          }))
        : []),
    ];
  }
  if (OF_SNAPSHOT.test(operation)) {
    const id = request.SnapshotId ?? '';
    const own = snapshotContext(context.store.snapshots(call.region).get(id));
    const asked = operation === 'ModifySnapshotAttribute' ? volumePermissionContexts(toRequest(input)) : [{}];
    return asked.map((extra) => at(snapshotArn(call.region, id), { ...own, ...extra }));
  }
  if (OF_INSTANCES.test(operation)) {
    return (request.InstanceIds ?? []).map((id) =>
      at(ownedArn(call, 'instance', id), resourceTagContext(home.instances.get(id)?.tags ?? {})),
    );
  }
  if (OF_LAUNCH_TEMPLATE.test(operation)) {
    const template = [...home.launchTemplates.values()].find(
      ({ id, name }) => id === request.LaunchTemplateId || name === request.LaunchTemplateName,
    );
    const id = template?.id ?? request.LaunchTemplateId ?? request.LaunchTemplateName ?? '';
    return [at(ownedArn(call, 'launch-template', id), resourceTagContext(template?.tags ?? {}))];
  }
  switch (operation) {
    case 'CopyImage':
      return copyImagePermissions(context, toRequest(input), call, region);
    case 'CopySnapshot': {
      // `*` stands for the new snapshot; the tags of the source are no condition key [IAM:ec2 CopySnapshot].
      const source = context.store.snapshots(request.SourceRegion ?? '').get(request.SourceSnapshotId ?? '');
      return [
        at(snapshotArn(request.SourceRegion ?? '', request.SourceSnapshotId ?? ''), snapshotContext(source)),
        at(snapshotArn(call.region, '*'), tagsFor(request, 'snapshot')),
        ...createTags(operation, request, call, { snapshot: snapshotArn(call.region, '*') }),
      ];
    }
    case 'CreateImage':
      return [
        at(imageArn(call.region, '*'), tagsFor(request, 'image')),
        at(
          ownedArn(call, 'instance', request.InstanceId ?? ''),
          resourceTagContext(home.instances.get(request.InstanceId ?? '')?.tags ?? {}),
        ),
        at(snapshotArn(call.region, '*'), tagsFor(request, 'snapshot')),
        ...createTags(operation, request, call, {
          image: imageArn(call.region, '*'),
          snapshot: snapshotArn(call.region, '*'),
        }),
      ];
    case 'RegisterImage':
      return [
        at(imageArn(call.region, '*'), { ...tagsFor(request, 'image'), 'ec2:Owner': call.account }),
        ...createTags(operation, request, call, { image: imageArn(call.region, '*') }),
      ];
    case 'CreateTags':
    case 'DeleteTags':
      return tagPermissions(context, action, toRequest(input), call, region);
    case 'RunInstances':
      return runInstancesPermissions(context, toRequest(input), call);
    case 'CreateLaunchTemplate':
      return [
        at(ownedArn(call, 'launch-template', '*'), tagsFor(request, 'launch-template')),
        ...createTags(operation, request, call, {
          'launch-template': ownedArn(call, 'launch-template', '*'),
        }),
      ];
    case 'CreateSecurityGroup':
      return [
        at(ownedArn(call, 'security-group', '*'), tagsFor(request, 'security-group')),
        ...createTags(operation, request, call, { 'security-group': ownedArn(call, 'security-group', '*') }),
      ];
    case 'DeleteSecurityGroup':
      return [
        at(
          ownedArn(call, 'security-group', request.GroupId ?? ''),
          resourceTagContext(home.securityGroups.get(request.GroupId ?? '')?.tags ?? {}),
        ),
      ];
    default:
      return [at('*')];
  }
}

/** Source and target of a copy are both image resources, and its snapshots count too (docs/aws/permissions.md#ec2). */
function copyImagePermissions(
  context: Context,
  request: CopyImageRequest,
  call: Call,
  region: Record<string, string>,
): Permission[] {
  const action = 'ec2:CopyImage';
  const sourceRegion = request.SourceRegion ?? '';
  const source = context.store.images(sourceRegion).get(request.SourceImageId ?? '');
  // The table of condition keys has none for tags of the source (docs/aws/permissions.md#ec2).
  const owner = source === undefined ? {} : { 'ec2:Owner': toOwner(source) };
  const target = imageArn(call.region, '*');
  const snapshots = snapshotArn(call.region, '*');
  return [
    {
      action,
      resource: imageArn(sourceRegion, request.SourceImageId ?? ''),
      context: { ...region, ...owner, 'ec2:ImageID': request.SourceImageId ?? '' },
    },
    { action, resource: target, context: { ...region, ...tagsFor(request, 'image') } },
    { action, resource: snapshots, context: { ...region, ...tagsFor(request, 'snapshot') } },
    ...createTags('CopyImage', request, call, { image: target, snapshot: snapshots }),
  ];
}

function tagPermissions(
  context: Context,
  action: string,
  request: CreateTagsRequest & DeleteTagsRequest,
  call: Call,
  region: Record<string, string>,
): Permission[] {
  const known = new Map(ownTaggables(context, call).map((resource) => [resource.id, resource]));
  const tags = requestTagContext(
    Object.fromEntries((request.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
  );
  return (request.Resources ?? []).map((id) => {
    const type = known.get(id)?.type ?? readResourceType(id);
    const resource =
      type === 'image' || type === 'snapshot'
        ? `arn:aws:ec2:${call.region}::${type}/${id}`
        : ownedArn(call, type, id);
    return {
      action,
      resource,
      context: { ...region, ...tags, ...resourceTagContext(known.get(id)?.tags ?? {}) },
    };
  });
}

function readResourceType(id: string): string {
  const types: Record<string, string> = {
    ami: 'image',
    snap: 'snapshot',
    i: 'instance',
    vol: 'volume',
    lt: 'launch-template',
    sg: 'security-group',
  };
  return types[id.split('-')[0] ?? ''] ?? '*';
}

function readAttribute(operation: string, input: Shape): string | undefined {
  if (operation !== 'ModifyImageAttribute') return undefined;
  if (input.Description !== undefined) return 'Description';
  if (input.ImdsSupport !== undefined) return 'ImdsSupport';
  return 'LaunchPermission';
}
