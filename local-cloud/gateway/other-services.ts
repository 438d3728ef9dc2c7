import type { OtherServices } from '../image-services/service.ts';
import { isRootKey } from './identities.ts';
import type { Launcher } from './launcher-client.ts';

/** IAM, KMS, EventBridge, S3 and Parameter Store for the image services, answered by MiniStack. */
export function createOtherServices(launcher: Launcher): OtherServices {
  // Events leave in the order in which they happened, per account and region.
  const queues = new Map<string, Promise<void>>();
  return {
    emit({ account, region, source, detailType, detail, resources }) {
      const entry = {
        Source: source,
        DetailType: detailType,
        Detail: JSON.stringify(detail),
        Resources: resources,
      };
      const key = `${account}/${region}`;
      const sent = (queues.get(key) ?? Promise.resolve())
        .then(() => launcher.putEvents(account, region, [entry]))
        .catch((error: unknown) =>
          console.error(`gateway: the event ${detailType} was not delivered:`, error),
        );
      queues.set(key, sent);
    },
    kmsAccess: (request) => launcher.kmsAccess(request),
    async authorize(call, action, resource, context) {
      if (isRootKey(call.accessKeyId)) return { allowed: true, message: '' };
      const { accessKeyId, account, region } = call;
      return launcher.authorize({ accessKeyId, action, resource, account, region, context });
    },
    authorizeRole: (call) => launcher.authorizeRole(call),
    seedParameter: (parameter) => launcher.seedParameter(parameter),
    readParameter: async (request) => (await launcher.readParameter(request))?.value,
    instanceProfileRole: (request) => launcher.instanceProfileRole(request),
    readObject: (request) => launcher.readObject(request),
    hasTrail: async (account, region) => (await launcher.trails(account, region)).length > 0,
  };
}
