/** What keeps a release; a new kind is its own file and one line here. */
import { account } from './account.ts';
import { bake } from './bake.ts';
import { channel } from './channel.ts';
import { child } from './child.ts';
import { launch } from './launch.ts';
import { person } from './person.ts';
import type { ReferenceKind } from './reference.ts';
import { unread } from './unread.ts';

export const REFERENCES: readonly ReferenceKind[] = [channel, person, bake, child, account, launch, unread];
