import { S3Client } from '@aws-sdk/client-s3';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { s3Documents } from '../../adapters/s3-documents.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const documents = lazy(() =>
  s3Documents(new S3Client(clientDefaults), env('EVIDENCE_BUCKET').EVIDENCE_BUCKET),
);
