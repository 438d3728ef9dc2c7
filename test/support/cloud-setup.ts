import { jest } from '@jest/globals';

/** A suite on the local cloud deploys a stack of its own first. */
jest.setTimeout(240_000);
