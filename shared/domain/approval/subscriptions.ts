/** Whose mailbox a subscription to the approval topic is. A link decides for whoever reads it, so each address gets its own and no other one's. */

export interface Subscription {
  readonly arn: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** JSON, as SNS keeps it. */
  readonly filterPolicy: string | undefined;
}

/** A confirmed subscription that brings links of others to its endpoint. */
export interface ForeignSubscription {
  readonly arn: string;
  readonly endpoint: string;
  /** Addresses whose links it gets; undefined: it may be anybody's. */
  readonly approvers: readonly string[] | undefined;
}

export interface ApproverSubscriptions {
  /** Addresses whose own mailbox is subscribed for them. */
  readonly confirmed: readonly string[];
  readonly foreign: readonly ForeignSubscription[];
}

/** Sorts confirmed subscriptions by whom their filter policies name (sns/latest/dg/sns-subscription-filter-policies). */
export function sortSubscriptions(subscriptions: readonly Subscription[]): ApproverSubscriptions {
  const confirmed = new Set<string>();
  const foreign: ForeignSubscription[] = [];
  for (const { arn, protocol, endpoint, filterPolicy } of subscriptions) {
    const named = listNamed(filterPolicy);
    const own = isMail(protocol) ? endpoint.toLowerCase() : undefined;
    if (own !== undefined && named?.some((address) => address.toLowerCase() === own)) confirmed.add(endpoint);
    const approvers = named?.filter((address) => address.toLowerCase() !== own);
    if (approvers === undefined || approvers.length > 0) foreign.push({ arn, endpoint, approvers });
  }
  return { confirmed: [...confirmed], foreign };
}

/** The subscriptions that would bring this approver's link to somebody else. */
export function listForeignTo(
  { foreign }: Pick<ApproverSubscriptions, 'foreign'>,
  approver: string,
): ForeignSubscription[] {
  const lower = approver.toLowerCase();
  return foreign.filter(({ approvers }) => approvers?.some((one) => one.toLowerCase() === lower) ?? true);
}

/** What to do about them, for people. */
export function describeForeign(approver: string, foreign: readonly ForeignSubscription[]): string {
  const [first] = foreign;
  return `${approver} gets no link, because ${foreign.map(({ endpoint }) => endpoint).join(' and ')} would get it too. End that subscription: aws sns unsubscribe --subscription-arn ${first?.arn ?? ''}`;
}

function isMail(protocol: string): boolean {
  return protocol === 'email' || protocol === 'email-json';
}

/** The addresses that the policy lets through; undefined where it lets through more than addresses that it names. */
function listNamed(filterPolicy: string | undefined): string[] | undefined {
  const { approver } = parsePolicy(filterPolicy);
  if (!Array.isArray(approver)) return undefined;
  const named = approver.filter((entry) => typeof entry === 'string');
  return named.length === approver.length ? named : undefined;
}

function parsePolicy(text: string | undefined): { readonly approver?: unknown } {
  try {
    const policy: unknown = JSON.parse(text ?? '{}');
    return typeof policy === 'object' && policy !== null ? policy : {};
  } catch {
    return {};
  }
}
