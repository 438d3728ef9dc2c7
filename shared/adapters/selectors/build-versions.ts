/**
 * Build versions of Image Builder, which answers a wildcard with the newest version that is available, and leaves out what is deprecated,
 * disabled or deleted (imagebuilder GetComponentRequest, GetImageRequest).
 */
import { parseBuildVersion } from '../../domain/selectors/versions.ts';
import type { Resolution } from '../../ports/selector-resolver.ts';

/** Anything but a build version could not be compared with the one before. */
export function toBuildVersionResolution(
  wanted: string,
  arn: string | undefined,
  detail: Record<string, string>,
): Resolution {
  if (arn === undefined || parseBuildVersion(arn) === undefined)
    return { found: false, reason: `${wanted} leads to no build version (${arn ?? 'nothing'})` };
  return { found: true, version: arn, detail };
}
