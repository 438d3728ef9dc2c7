import * as z from 'zod';
import { createTextSchema } from '../base/schemas.ts';
import { count } from '../base/text.ts';
import type { GateKind } from './gate.ts';

const PackageName = z.lazy(() =>
  createTextSchema(/^[A-Za-z0-9._+-]{1,128}$/, 'the name of a package', 'openssl-libs'),
);
const Settings = z
  .strictObject({ require: z.array(PackageName).default([]), forbid: z.array(PackageName).default([]) })
  .default({ require: [], forbid: [] });

/** What is installed on each image, or why that is not known. */
export interface PackageFacts {
  readonly images: readonly ImageFacts[];
}

type ImageFacts = { readonly variant: string } & (
  | { readonly installed: readonly { readonly name: string; readonly version: string }[] }
  | { readonly problem: string }
);

/** Packages that every image must hold, and those that none may. An image whose packages are not known passes where none is asked for alone. */
export const packages = {
  name: 'packages',
  settings: Settings,
  judge({ images }, { require, forbid }) {
    const isAsked = require.length + forbid.length > 0;
    const missing = images.flatMap((image) => {
      const { variant } = image;
      if ('problem' in image)
        return isAsked ? [`${variant}: the packages could not be judged: ${image.problem}`] : [];
      const { installed } = image;
      const versions = new Map(installed.map(({ name, version }) => [name, version]));
      return [
        ...require
          .filter((name) => !versions.has(name))
          .map((name) => `${variant}: required package ${name} is not installed`),
        ...forbid
          .filter((name) => versions.has(name))
          .map((name) => `${variant}: forbidden package ${name} ${versions.get(name)} is installed`),
      ];
    });
    if (images.length === 0) missing.push('there is no image to judge');
    return {
      outcome: missing.length === 0 ? 'passed' : 'failed',
      reasons: missing.length === 0 ? [describeSuccess(require.length, forbid.length)] : missing,
      evidence: {
        require,
        forbid,
        images: images.map((image) =>
          'problem' in image
            ? { variant: image.variant, problem: image.problem }
            : { variant: image.variant, packages: image.installed.length },
        ),
      },
    };
  },
} as const satisfies GateKind<z.output<typeof Settings>, PackageFacts>;

function describeSuccess(required: number, forbidden: number): string {
  if (required + forbidden === 0) return 'no package is required or forbidden';
  return `${count(required, 'required package')} found, ${count(forbidden, 'forbidden package')} absent`;
}
