import type {
  CreateTagsRequest,
  DeleteTagsRequest,
  DescribeTagsRequest,
  DescribeTagsResult,
  ResourceType,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { type Context, type Operations, operation } from './context.ts';
import { imageNotFound, instancesNotFound, missingParameter, snapshotNotFound } from './errors.ts';
import { createMatcher, type FilterTable } from './filters.ts';
import { groupNotFound } from './network.ts';
import { takePage } from './pages.ts';
import type { Tags } from './records.ts';
import type { Location } from './store.ts';
import { checkTagCount, readTags } from './tags.ts';

/** A taggable resource of the account. */
export interface Taggable {
  id: string;
  type: ResourceType;
  tags: Tags;
}

interface TagRow {
  resource: Taggable;
  key: string;
  value: string;
}

const FILTERS: FilterTable<TagRow> = {
  key: ({ key }) => [key],
  'resource-id': ({ resource }) => [resource.id],
  'resource-type': ({ resource }) => [resource.type],
  value: ({ value }) => [value],
};

export function tagOperations(context: Context): Operations {
  return {
    CreateTags: operation<CreateTagsRequest, object>((request, call) => {
      const tags = readTags(request.Tags);
      if (Object.keys(tags).length === 0) throw missingParameter('tag');
      // All or nothing: every resource is looked at before one is changed.
      const resources = (request.Resources ?? []).map((id) => taggable(context, call, id));
      for (const resource of resources) checkTagCount({ ...resource.tags, ...tags });
      for (const resource of resources) Object.assign(resource.tags, tags);
      return {};
    }),

    DeleteTags: operation<DeleteTagsRequest, object>((request, call) => {
      const resources = (request.Resources ?? []).map((id) => taggable(context, call, id));
      for (const { tags } of resources) {
        const named = request.Tags ?? Object.keys(tags).map((Key) => ({ Key, Value: undefined }));
        for (const { Key, Value } of named) {
          // With a value the tag goes only if it has that value [M:op DeleteTags].
          if (Key !== undefined && (Value === undefined || tags[Key] === Value)) delete tags[Key];
        }
      }
      return {};
    }),

    DescribeTags: operation<DescribeTagsRequest, DescribeTagsResult>((request, call) => {
      const rows = ownTaggables(context, call).flatMap((resource) =>
        Object.entries(resource.tags).map(([key, value]): TagRow => ({ resource, key, value })),
      );
      const byTag = ({ key, value }: TagRow): Tags => ({ [key]: value });
      const found = rows.filter(createMatcher(request.Filters, FILTERS, byTag));
      const page = takePage(found, ({ resource, key }) => `${resource.id}/${key}`, request);
      return {
        Tags: page.records.map(({ resource, key, value }) => ({
          ResourceId: resource.id,
          ResourceType: resource.type,
          Key: key,
          Value: value,
        })),
        ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
      };
    }),
  };
}

export function ownTaggables({ store }: Context, where: Location): Taggable[] {
  const home = store.at(where);
  const own = <T extends { ownerId: string }>(records: Iterable<T>): T[] =>
    [...records].filter(({ ownerId }) => ownerId === where.account);
  const as = (type: ResourceType) => (record: { id: string; tags: Tags }) => ({
    id: record.id,
    type,
    tags: record.tags,
  });
  const instances = [...home.instances.values()];
  return [
    ...own(store.images(where.region).values()).map(as('image')),
    ...own(store.snapshots(where.region).values()).map(as('snapshot')),
    ...instances.map(as('instance')),
    ...instances.flatMap(({ volumes }) => volumes.map(as('volume'))),
    ...[...home.launchTemplates.values()].map(as('launch-template')),
    ...[...home.securityGroups.values()].map(as('security-group')),
  ];
}

function taggable(context: Context, where: Location, id: string): Taggable {
  const found = ownTaggables(context, where).find((resource) => resource.id === id);
  if (found === undefined || context.world.effects.isHidden(id)) throw notFound(id);
  return found;
}

function notFound(id: string): AwsError {
  switch (id.split('-')[0]) {
    case 'ami':
      return imageNotFound(id);
    case 'snap':
      return snapshotNotFound(id);
    case 'i':
      return instancesNotFound([id]);
    case 'vol':
      return new AwsError('InvalidVolume.NotFound', `The volume '${id}' does not exist.`);
    case 'lt':
      return new AwsError(
        'InvalidLaunchTemplateId.NotFound',
        `The specified launch template, with template ID ${id}, does not exist.`,
      );
    case 'sg':
      return groupNotFound(id);
    default:
      return new AwsError('InvalidID', `The ID '${id}' is not valid`);
  }
}
