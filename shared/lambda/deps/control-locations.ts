import { clientDefaults } from '../../adapters/aws-client.ts';
import { createControlLocations } from '../../adapters/locations/control.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import { lazy } from '../lazy.ts';
import { home } from './home.ts';

/** For functions that open no target: they bundle no more clients than they need. */
export const controlLocations: () => ControlLocations = lazy(() =>
  createControlLocations(home().account, clientDefaults),
);
