import { randomBytes, randomUUID } from 'node:crypto';
import type { Ids } from './service.ts';

/** Ids as EC2 forms them: a prefix and 17 hexadecimal digits. */
export function createIds(hex: (digits: number) => string = randomHex, uuid: () => string = randomUUID): Ids {
  return {
    ami: () => `ami-${hex(17)}`,
    snapshot: () => `snap-${hex(17)}`,
    instance: () => `i-${hex(17)}`,
    volume: () => `vol-${hex(17)}`,
    networkInterface: () => `eni-${hex(17)}`,
    reservation: () => `r-${hex(17)}`,
    launchTemplate: () => `lt-${hex(17)}`,
    securityGroup: () => `sg-${hex(17)}`,
    uuid,
  };
}

function randomHex(digits: number): string {
  return randomBytes(Math.ceil(digits / 2))
    .toString('hex')
    .slice(0, digits);
}
