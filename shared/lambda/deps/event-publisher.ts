import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { eventBridgePublisher } from '../../adapters/eventbridge-publisher.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const eventPublisher = lazy(() =>
  eventBridgePublisher(new EventBridgeClient(clientDefaults), env('BUS_NAME').BUS_NAME),
);
