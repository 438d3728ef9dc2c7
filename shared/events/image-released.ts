import type { BakeRecord } from '../domain/records/bakes.ts';
import type { ReleaseRecord } from '../domain/records/releases.ts';

export const IMAGE_RELEASED = 'Ovenbird Image Released';

/** An approved image, verified on every required target, has become current in a channel. Dependents of the pipeline are reconciled because of it. */
export function imageReleasedEvent(detail: {
  readonly bake: string;
  readonly attempt: number;
  readonly pipeline: string;
  readonly team: string;
  readonly channel: string;
  readonly release: string;
  readonly reason: string;
  /** Where the bake began; anything but `Build` is about a retained image. */
  readonly startsAt?: BakeRecord['startsAt'];
  /** AMI in the control account per variant. */
  readonly images: ReleaseRecord['images'];
  /** At most a hundred; the release itself, read through the API, names all. */
  readonly targets: readonly (Omit<ReleaseRecord['targets'][number], 'artifact'> & { imageId: string })[];
  readonly changes: readonly string[];
  readonly causes: readonly string[];
}) {
  return { detailType: IMAGE_RELEASED, detail: { version: 1, ...detail } };
}
