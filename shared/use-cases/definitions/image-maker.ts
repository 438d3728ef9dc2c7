import { bakeInName } from '../../domain/definitions/reach.ts';
import type { Home } from '../../domain/definitions/references.ts';
import { keys, TAGS } from '../../domain/naming.ts';
import { BakeRecordSchema } from '../../domain/records/bakes.ts';
import type { ImageFacts, Table } from '../../ports.ts';
import { read } from '../store/read.ts';

/**
 * The pipeline that made an image. An image of the control account is tagged from its first moment; tags of a copy in another account cannot be
 * seen from here, but its name says which bake it is of.
 */
export async function makerOf(
  deps: { readonly table: Table; readonly home: Home },
  image: ImageFacts,
): Promise<string | undefined> {
  const tagged = image.ownerId === deps.home.account ? image.tags[TAGS.pipeline] : undefined;
  const bake = bakeInName(image.name);
  if (tagged !== undefined || bake === undefined) return tagged;
  return (await read(deps.table, keys.bake(bake), BakeRecordSchema))?.pipeline;
}
