/** The pure half of an engine; the half that asks AWS is the port BuildEngine. */
import type * as z from 'zod';

export interface EngineProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/** A kind of engine. `Fields` are the fields of `build` that this engine alone reads. */
export interface EngineKind<Fields extends z.ZodRawShape = z.ZodRawShape> {
  readonly settings: Fields;
  /** The part of the settings that ends up in the image, and so in its bits. */
  contents(settings: EngineSettings<Fields>): Readonly<Record<string, unknown>>;
  /** True when test components run within the build: their versions are part of the bits then. */
  runsTests(settings: EngineSettings<Fields>): boolean;
  /** Parts of an otherwise valid definition that this engine cannot build. */
  findProblems(
    settings: EngineSettings<Fields>,
    components: { readonly build: number; readonly tests: number },
  ): readonly EngineProblem[];
  /** The build whose state changed, when the event tells of a build of this engine. */
  buildIn(event: unknown): string | undefined;
}

type EngineSettings<Fields extends z.ZodRawShape> = z.infer<z.ZodObject<Fields>>;
