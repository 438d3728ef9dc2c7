import { clientDefaults } from '../../adapters/aws-client.ts';
import { createControlLocations } from '../../adapters/locations/control.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';
import { home } from './home.ts';

/** For functions that open no target: they bundle no more clients than they need. */
export const controlLocations = lazy(() =>
  createControlLocations(
    { account: home().account, installation: env('INSTALLATION').INSTALLATION },
    clientDefaults,
  ),
);
