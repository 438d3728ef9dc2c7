import { RecordImageInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock, digest } from '../../shared/lambda/deps/basics.ts';
import { buildEngine } from '../../shared/lambda/deps/build-engine.ts';
import { documents } from '../../shared/lambda/deps/documents.ts';
import { ownImages } from '../../shared/lambda/deps/own-images.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { recordImage } from '../../shared/use-cases/bakes/record-image.ts';

export const handler = lambda({
  input: RecordImageInputSchema,
  deps: () => ({
    table: table(),
    clock,
    digest,
    engine: buildEngine(),
    images: ownImages(),
    documents: documents(),
  }),
  run: recordImage,
});
