import type { Statement } from '../permissions.ts';

export const permissions: readonly Statement[] = [{ Action: ['s3:GetObject'], Resource: '${SourceObjects}' }];
