/** The port Components on EC2 Image Builder. */
import { GetComponentCommand, type ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import type { Components } from '../ports/components.ts';
import { callAws } from './aws-client.ts';
import { ignoreErrors } from './aws-errors.ts';

/** It is gone, or its owner shares it no longer. */
const UNREADABLE = ['ResourceNotFoundException', 'AccessDeniedException', 'ForbiddenException'];

export function createComponents(client: ImagebuilderClient): Components {
  return {
    async describe(version) {
      const answer = await ignoreErrors(UNREADABLE, () =>
        callAws(() => client.send(new GetComponentCommand({ componentBuildVersionArn: version }))),
      );
      const component = answer?.component;
      if (component === undefined) return undefined;
      return {
        platform: component.platform ?? 'Linux',
        parameters: (component.parameters ?? []).map(({ name = '', type = 'string', defaultValue }) => ({
          name,
          type,
          hasDefault: defaultValue !== undefined,
        })),
      };
    },
  };
}
