// Stands in while the image services cannot be imported; goes away with their first complete version.
import { createClock } from '../image-services/clock.ts';
import type { ImageServices, ImageServicesOptions } from '../image-services/index.ts';

export async function loadImageServices(options: ImageServicesOptions): Promise<ImageServices> {
  try {
    return (await import('../image-services/index.ts')).createImageServices(options);
  } catch (error) {
    console.error('The image services cannot be loaded yet:', String(error));
    const stub: unknown = {
      verbs: {},
      world: { clock: createClock() },
      ec2: { findImage: () => undefined },
      close: () => undefined,
      operationOf: () => undefined,
      errorResponse: () => ({ status: 501, headers: {}, body: 'not yet' }),
      dispatch: async () => ({
        status: 501,
        headers: {},
        body: 'not yet',
        operation: 'Unknown',
        actions: [],
      }),
    };
    return stub as ImageServices;
  }
}
