import { ami } from './ami.ts';
import { component } from './component.ts';
import { container } from './container.ts';
import { image } from './image.ts';
import { lookup } from './lookup.ts';
import { packages } from './packages.ts';
import { pipeline } from './pipeline.ts';
import { source } from './source.ts';
import { ssm } from './ssm.ts';

/** All selector kinds. Schemas, messages and documentation list them in this order. */
export const SELECTOR_KINDS = [
  pipeline,
  ssm,
  image,
  component,
  ami,
  lookup,
  container,
  source,
  packages,
] as const;
