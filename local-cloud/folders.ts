import { join, resolve } from 'node:path';

/** The repository that holds this package: its Node.js runs the cloud and the functions, its `.cache` keeps what was installed. */
export const repository = resolve(import.meta.dirname, '..');
export const programs = join(repository, 'node_modules/.bin');
export const cache = join(repository, '.cache');
/** File that announces a running cloud unless `--state` names another one. */
export const announcedIn = join(cache, 'local-cloud.json');
