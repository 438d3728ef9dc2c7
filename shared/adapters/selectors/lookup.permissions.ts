export { permissions } from './ami.permissions.ts';
