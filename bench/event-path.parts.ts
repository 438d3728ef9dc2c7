/** Functions between an event and the start of a bake: their weight is what a user waits for when they start cold. */
export const EVENT_PATH = ['detect-changes', 'reconcile-pipelines', 'publish-outbox'] as const;
export const IMPORT_RATIO_LIMIT = 1.4;
export const SIZE_LIMIT_KB = 500;
