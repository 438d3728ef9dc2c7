/** For feeds in S3; those on the web need no right. */
export { permissions } from './source.permissions.ts';
