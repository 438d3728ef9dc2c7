/** The kinds of artifacts; a new kind is its own file and one line here. */
import { ami } from './ami.ts';

export const ARTIFACTS = { ami } as const;
