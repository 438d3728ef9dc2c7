/**
 * What AWS asks for what a bake uses, as far as Ovenbird estimates it. A table: prices of one region on one day, for Linux on demand. Other
 * regions differ by up to a third; discounts and the free tier are not counted.
 */
export interface Prices {
  readonly source: string;
  readonly date: string;
  readonly region: string;
  readonly currency: 'USD';
  /** An hour of an instance, by its type. */
  readonly instanceHour: Readonly<Record<string, number>>;
  /** A GiB of snapshot for a month. */
  readonly snapshotGiBMonth: number;
  /** A GiB from one region to another. */
  readonly transferGiB: number;
}

export const PRICES: Prices = {
  source: 'aws.amazon.com/ec2/pricing/on-demand, aws.amazon.com/ebs/pricing',
  date: '2026-06-17',
  region: 'us-east-1',
  currency: 'USD',
  instanceHour: {
    't3.nano': 0.0052,
    't3.micro': 0.0104,
    't3.small': 0.0208,
    't3.medium': 0.0416,
    't3.large': 0.0832,
    't3.xlarge': 0.1664,
    't3.2xlarge': 0.3328,
    't3a.small': 0.0188,
    't3a.medium': 0.0376,
    't3a.large': 0.0752,
    't3a.xlarge': 0.1504,
    't4g.nano': 0.0042,
    't4g.micro': 0.0084,
    't4g.small': 0.0168,
    't4g.medium': 0.0336,
    't4g.large': 0.0672,
    't4g.xlarge': 0.1344,
    'm5.large': 0.096,
    'm5.xlarge': 0.192,
    'm5.2xlarge': 0.384,
    'm6i.large': 0.096,
    'm6i.xlarge': 0.192,
    'm6i.2xlarge': 0.384,
    'm6g.large': 0.077,
    'm6g.xlarge': 0.154,
    'm7i.large': 0.1008,
    'm7i.xlarge': 0.2016,
    'm7g.medium': 0.0408,
    'm7g.large': 0.0816,
    'm7g.xlarge': 0.1632,
    'c5.large': 0.085,
    'c5.xlarge': 0.17,
    'c5.2xlarge': 0.34,
    'c6i.large': 0.085,
    'c6i.xlarge': 0.17,
    'c6g.large': 0.068,
    'c6g.xlarge': 0.136,
    'c7g.large': 0.0725,
    'c7g.xlarge': 0.145,
    'r5.large': 0.126,
    'r5.xlarge': 0.252,
    'r6i.large': 0.126,
    'r6g.large': 0.1008,
  },
  snapshotGiBMonth: 0.05,
  transferGiB: 0.02,
};
