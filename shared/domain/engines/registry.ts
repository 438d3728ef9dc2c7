/** The engines that build images; a new one is its own files and one line here. */
import type { EngineKind } from './engine.ts';
import { imageBuilder } from './image-builder.ts';

export const ENGINES = { imageBuilder } as const satisfies Record<string, EngineKind>;
