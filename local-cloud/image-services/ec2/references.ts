import type {
  DescribeImageReferencesRequest,
  DescribeImageReferencesResult,
  ImageReference,
} from '@aws-sdk/client-ec2';
import { type Context, type Operations, operation, ownedArn } from './context.ts';
import { takePage } from './pages.ts';

/** Uses of images in the caller's own account: instances and launch templates (docs/aws/ec2-images.md#end-of-life). */
export function referenceOperations({ store }: Context): Operations {
  return {
    DescribeImageReferences: operation<DescribeImageReferencesRequest, DescribeImageReferencesResult>(
      (request, call) => {
        const ids = request.ImageIds ?? [];
        const home = store.at(call);
        const types = (request.ResourceTypes ?? []).map(({ ResourceType }) => ResourceType);
        const instances = [...home.instances.values()]
          .filter(({ state }) => state !== 'terminated')
          .map(
            (instance): ImageReference => ({
              ImageId: instance.imageId,
              ResourceType: 'ec2:Instance',
              Arn: ownedArn(call, 'instance', instance.id),
            }),
          );
        const templates = [...home.launchTemplates.values()].flatMap((template) => {
          const images = new Set(
            template.versions.flatMap(({ data }) => (typeof data.ImageId === 'string' ? [data.ImageId] : [])),
          );
          return [...images].map(
            (ImageId): ImageReference => ({
              ImageId,
              ResourceType: 'ec2:LaunchTemplate',
              Arn: ownedArn(call, 'launch-template', template.id),
            }),
          );
        });
        const found = [...instances, ...templates].filter(
          ({ ImageId, ResourceType }) =>
            ids.includes(ImageId ?? '') && (types.length === 0 || types.includes(ResourceType)),
        );
        const page = takePage(found, ({ ImageId, Arn }) => `${ImageId}/${Arn}`, request, {
          least: 1,
          most: 1000,
        });
        return {
          ImageReferences: page.records,
          ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
        };
      },
    ),
  };
}
