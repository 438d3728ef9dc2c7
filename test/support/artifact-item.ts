import { keys } from '../../shared/domain/base/naming.ts';
import type { Item } from '../../shared/ports/table.ts';

/** The image of a bake. */
export function toArtifactItem(bake: string, attempt: number, imageId: string): Item {
  return {
    ...keys.artifact(bake, 'x86-64'),
    bake,
    attempt,
    variant: 'x86-64',
    engine: 'imageBuilder',
    build: 'arn:aws:imagebuilder:eu-west-1:111122223333:image/hardened/1.0.0/1',
    artifact: {
      kind: 'ami',
      account: '111122223333',
      region: 'eu-west-1',
      imageId,
      snapshotIds: [imageId.replace('ami', 'snap')],
    },
    digest: 'e'.repeat(64),
  };
}
