/** Where the product is deployed: its control account and home region. */
export interface Home {
  readonly account: string;
  readonly region: string;
}

/** The partition of a region, the second part of its ARNs (general/latest/gr/rande). */
export function findPartition(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}
