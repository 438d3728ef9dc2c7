import { findBuildInEvent } from '../engines/engines.ts';
import { toFailure, type WaitKind } from './wait.ts';

/** The build of an image; the resource is its id at the engine. */
export const image = {
  name: 'image',
  polled: false,
  wakesOn(event) {
    const build = findBuildInEvent(event);
    return build === undefined ? undefined : { resource: build };
  },
  onTimeout: (resource) => toFailure('BuildFailed', `The build ${resource} did not end in time.`),
} as const satisfies WaitKind;
