import type { Tag, TagSpecification } from '@aws-sdk/client-ec2';
import { EC2_QUOTAS } from '../quotas.ts';
import { AwsError } from '../service.ts';
import { invalidValue } from './errors.ts';
import type { Tags } from './records.ts';

/** Checks tags that a caller gives: lengths, no `aws:` keys, no key twice [D:AWSEC2/UserGuide/Using_Tags]. */
export function readTags(tags: readonly Tag[] | undefined): Tags {
  const result: Tags = {};
  for (const { Key, Value } of tags ?? []) {
    if (Key === undefined || Key === '' || Key.length > 127) {
      throw invalidValue(Key ?? '', 'tag key', 'Tag keys must be between 1 and 127 characters in length.');
    }
    if (Key.toLowerCase().startsWith('aws:')) {
      throw invalidValue(Key, 'tag key', "Tag keys starting with 'aws:' are reserved for internal use.");
    }
    if ((Value ?? '').length > 255) {
      throw invalidValue(Value ?? '', 'tag value', 'Tag values can be up to 255 characters in length.');
    }
    if (Object.hasOwn(result, Key)) {
      throw new AwsError('InvalidParameterValue', `Duplicate tag key '${Key}' specified.`);
    }
    result[Key] = Value ?? '';
  }
  return result;
}

/** Tags per type of resource; other types than the operation makes are refused. */
export function readTagSpecifications<T extends string>(
  specifications: readonly TagSpecification[] | undefined,
  types: readonly T[],
): Record<T, Tags> {
  const result = Object.fromEntries(types.map((type) => [type, {}])) as Record<T, Tags>;
  for (const { ResourceType, Tags: given } of specifications ?? []) {
    const type = types.find((candidate) => candidate === ResourceType);
    if (type === undefined) {
      throw new AwsError(
        'InvalidParameterValue',
        `'${ResourceType ?? ''}' is not a valid taggable resource type for this operation.`,
      );
    }
    Object.assign(result[type], readTags(given));
  }
  for (const type of types) checkTagCount(result[type]);
  return result;
}

export function checkTagCount(tags: Tags): void {
  const own = Object.keys(tags).filter((key) => !key.startsWith('aws:'));
  if (own.length > EC2_QUOTAS.tagsPerResource) {
    throw new AwsError(
      'TagLimitExceeded',
      `The maximum number of Tags for a resource has been reached: ${EC2_QUOTAS.tagsPerResource}`,
    );
  }
}

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Condition keys of tags in a request; `aws:TagKeys`, which has many values, follows from them. */
export function requestTagContext(tags: Tags): Record<string, string> {
  const context: Record<string, string> = {};
  for (const [key, value] of Object.entries(tags)) context[`aws:RequestTag/${key}`] = value;
  return context;
}

/** Condition keys of tags that a resource has. */
export function resourceTagContext(tags: Tags): Record<string, string> {
  const context: Record<string, string> = {};
  for (const [key, value] of Object.entries(tags)) {
    context[`aws:ResourceTag/${key}`] = value;
    context[`ec2:ResourceTag/${key}`] = value;
  }
  return context;
}
