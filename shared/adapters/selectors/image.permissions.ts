/** Components and images are resolved alike, with one right for both. */
export { permissions } from './component.permissions.ts';
