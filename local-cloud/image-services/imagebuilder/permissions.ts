import * as z from 'zod';
import type { Call, ConditionKeys, Permission, Shape } from '../service.ts';
import { formatArn, serviceRole, toSlug } from './arns.ts';
import { nextComponentArn } from './components.ts';
import { type Context, isArn, openHome } from './context.ts';
import { nextImageArn } from './images.ts';
import { findRecipe, recipeVersion } from './recipes.ts';

const namedSchema = z.looseObject({
  name: z.string().default(''),
  semanticVersion: z.string().default('0.0.0'),
  tags: z.record(z.string(), z.string()).optional(),
  parentImage: z.string().default(''),
  components: z.array(z.looseObject({ componentArn: z.string() })).default([]),
  instanceProfileName: z.string().optional(),
  snsTopicArn: z.string().optional(),
  resourceTags: z.record(z.string(), z.string()).optional(),
  instanceMetadataOptions: z.looseObject({ httpTokens: z.string().optional() }).optional(),
});

/** Members that carry the ARN of the resource, for operations on one that exists. */
const resourceMembers = [
  'componentBuildVersionArn',
  'imageRecipeArn',
  'infrastructureConfigurationArn',
  'distributionConfigurationArn',
  'imageBuildVersionArn',
  'imagePipelineArn',
  'resourceArn',
] as const;

// No resource-level permission [IAM:imagebuilder].
const withoutResource =
  /^List(?:Components|Images|ImageRecipes|ImagePipelines|InfrastructureConfigurations|DistributionConfigurations)$/;

/**
 * What the caller must be allowed. Actions, resources and condition keys: service authorization reference. Creating something also
 * takes the right to read what it refers to, to tag it and to pass its role, which the reference lists as dependent actions.
 */
export const listPermissions = async (
  context: Context,
  operation: string,
  input: Shape,
  call: Call,
): Promise<Permission[]> => {
  const action = `imagebuilder:${operation}`;
  if (withoutResource.test(operation)) return [{ action, resource: '*' }];
  const home = openHome(context, call);
  const request = namedSchema.parse(input);
  const tagContext = tagKeys('aws:RequestTag/', 'aws:TagKeys', request.tags);
  const creating = (resource: string, extra: ConditionKeys = {}): Permission[] => [
    { action, resource, context: { ...tagContext, ...extra } },
    ...(request.tags === undefined || Object.keys(request.tags).length === 0
      ? []
      : [{ action: 'imagebuilder:TagResource', resource, context: tagContext }]),
  ];
  switch (operation) {
    case 'CreateComponent':
    case 'ImportComponent':
      return creating(nextComponentArn(home, request.name, request.semanticVersion));
    case 'CreateImageRecipe': {
      const version = recipeVersion(home, request.name, request.semanticVersion);
      return [
        ...creating(formatArn('image-recipe', call, toSlug(request.name), version)),
        ...request.components.map((use) => ({
          action: 'imagebuilder:GetComponent',
          resource: use.componentArn,
        })),
        ...(isArn(request.parentImage, 'image')
          ? [{ action: 'imagebuilder:GetImage', resource: request.parentImage }]
          : [{ action: 'ec2:DescribeImages', resource: '*' }]),
      ];
    }
    case 'CreateInfrastructureConfiguration':
    case 'UpdateInfrastructureConfiguration': {
      const resource = operation.startsWith('Create')
        ? formatArn('infrastructure-configuration', call, toSlug(request.name))
        : readResource(input);
      const extra = {
        ...tagKeys(
          'imagebuilder:CreatedResourceTag/',
          'imagebuilder:CreatedResourceTagKeys',
          request.resourceTags,
        ),
        ...optional('imagebuilder:Ec2MetadataHttpTokens', request.instanceMetadataOptions?.httpTokens),
        ...optional('imagebuilder:StatusTopicArn', request.snsTopicArn),
      };
      return [...creating(resource, extra), ...(await passRole(context, call, request.instanceProfileName))];
    }
    case 'CreateDistributionConfiguration':
      return creating(formatArn('distribution-configuration', call, toSlug(request.name)));
    case 'CreateImage': {
      const recipeArn = String(input.imageRecipeArn ?? '');
      const recipe = isArn(recipeArn, 'image-recipe') ? findRecipe(context, call, recipeArn) : undefined;
      const resource = recipe === undefined ? formatArn('image', call, '*') : nextImageArn(home, recipe);
      return [...creating(resource), ...reads(input), ...createServiceRole(context, call)];
    }
    case 'CreateImagePipeline':
      return [...creating(formatArn('image-pipeline', call, toSlug(request.name))), ...reads(input)];
    case 'UpdateImagePipeline':
      return [{ action, resource: String(input.imagePipelineArn) }, ...reads(input)];
    case 'StartImagePipelineExecution':
      return creating(String(input.imagePipelineArn));
    case 'ListComponentBuildVersions':
      return [{ action, resource: `${String(input.componentVersionArn)}/*` }];
    case 'ListImageBuildVersions':
      return [{ action, resource: `${String(input.imageVersionArn)}/*` }];
    case 'TagResource':
    case 'UntagResource':
      return [{ action, resource: readResource(input), context: tagContext }];
    default:
      return [{ action, resource: readResource(input) }];
  }
};

const reads = (input: Shape): Permission[] =>
  [
    ['imagebuilder:GetImageRecipe', input.imageRecipeArn] as const,
    ['imagebuilder:GetContainerRecipe', input.containerRecipeArn] as const,
    ['imagebuilder:GetInfrastructureConfiguration', input.infrastructureConfigurationArn] as const,
    ['imagebuilder:GetDistributionConfiguration', input.distributionConfigurationArn] as const,
  ].flatMap(([action, resource]) => (typeof resource === 'string' ? [{ action, resource }] : []));

/** Image Builder hands the profile's role to EC2. */
const passRole = async ({ world }: Context, call: Call, name: string | undefined): Promise<Permission[]> => {
  const role =
    name === undefined ? undefined : await world.instanceProfileRole?.({ account: call.account, name });
  return role === undefined
    ? []
    : [{ action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': 'ec2.amazonaws.com' } }];
};

/** The first image of an account makes the service-linked role, with the caller's rights (docs/aws/image-builder.md#service-linked-role). */
const createServiceRole = ({ store }: Context, { account }: Call): Permission[] =>
  store.linkedAccounts.has(account)
    ? []
    : [
        {
          action: 'iam:CreateServiceLinkedRole',
          resource: serviceRole(account),
          context: { 'iam:AWSServiceName': 'imagebuilder.amazonaws.com' },
        },
      ];

const readResource = (input: Shape): string => {
  const member = resourceMembers.find((name) => typeof input[name] === 'string');
  return member === undefined ? '*' : String(input[member]);
};

/** A key for each tag and one that lists them all, which has many values (IAM/reference_policies_condition-keys, aws:TagKeys). */
const tagKeys = (prefix: string, all: string, tags: Record<string, string> = {}): ConditionKeys => {
  const keys = Object.keys(tags);
  if (keys.length === 0) return {};
  return {
    ...Object.fromEntries(keys.map((key) => [`${prefix}${key}`, tags[key] ?? ''])),
    [all]: keys,
  };
};

const optional = (key: string, value: string | undefined): Record<string, string> =>
  value === undefined ? {} : { [key]: value };
