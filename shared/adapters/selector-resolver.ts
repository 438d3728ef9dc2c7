import { GetComponentCommand, GetImageCommand, type ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { assertNever } from '../domain/errors.ts';
import type { Selector } from '../domain/selectors.ts';
import type { Resolution, SelectorResolver } from '../ports.ts';
import { calling, errorName } from './aws-client.ts';

const AMI_ID = /^ami-[0-9a-f]{8,17}$/;

/** What says that there is nothing of that name, or that the name is none; waiting does not help. */
const ABSENT = new Set([
  'ParameterNotFound',
  'ParameterVersionNotFound',
  'ResourceNotFoundException',
  'InvalidParameterValueException',
  'InvalidParameterException',
  'InvalidRequestException',
  'ForbiddenException',
  'AccessDeniedException',
]);

/** One call per selector: Image Builder answers a wildcard ARN with the newest version that matches (imagebuilder GetComponentRequest, GetImageRequest). */
export function selectorResolver(clients: {
  readonly ssm: SSMClient;
  readonly imageBuilder: ImagebuilderClient;
}): SelectorResolver {
  return {
    async resolve(selector) {
      try {
        return await calling(() => lookUp(clients, selector));
      } catch (error) {
        if (!ABSENT.has(errorName(error))) throw error;
        return {
          found: false,
          reason: `AWS answered ${errorName(error)}: ${error instanceof Error ? error.message : ''}`,
        };
      }
    },
  };
}

async function lookUp(
  { ssm, imageBuilder }: Parameters<typeof selectorResolver>[0],
  selector: Selector,
): Promise<Resolution> {
  switch (selector.kind) {
    case 'ssm': {
      const answer = await ssm.send(new GetParameterCommand({ Name: selector.name }));
      const value = answer.Parameter?.Value ?? '';
      if (!AMI_ID.test(value))
        return { found: false, reason: `The parameter ${selector.name} does not hold the id of an AMI` };
      return { found: true, version: value, detail: { amiId: value } };
    }
    case 'component': {
      const answer = await imageBuilder.send(
        new GetComponentCommand({ componentBuildVersionArn: selector.arn }),
      );
      const { arn, state } = answer.component ?? {};
      if (arn === undefined) return { found: false, reason: `There is no component ${selector.arn}` };
      // imagebuilder CreateImageRecipeRequest.components: such versions are refused in a new recipe.
      if (state?.status !== undefined && state.status !== 'ACTIVE')
        return { found: false, reason: `The component ${arn} is ${state.status}` };
      return { found: true, version: arn, detail: {} };
    }
    case 'image': {
      const answer = await imageBuilder.send(new GetImageCommand({ imageBuildVersionArn: selector.arn }));
      const { arn, state } = answer.image ?? {};
      if (arn === undefined) return { found: false, reason: `There is no image ${selector.arn}` };
      if (state?.status !== undefined && state.status !== 'AVAILABLE')
        return { found: false, reason: `The image ${arn} is ${state.status}` };
      return { found: true, version: arn, detail: {} };
    }
    case 'ami':
      return { found: true, version: selector.id, detail: { amiId: selector.id } };
    case 'lookup':
    case 'container':
    case 'source':
    case 'packages':
      return { found: false, reason: `Selectors of the kind ${selector.kind} are not resolved yet` };
    case 'pipeline':
      return { found: false, reason: 'What a channel holds is in our own table' };
    default:
      return assertNever(selector);
  }
}
