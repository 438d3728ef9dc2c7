/**
 * Statements that only AWS itself exercises: what they allow is done by a service or by software on an instance in the name of the role, in
 * ways that the local cloud does not have. Everything that is not listed here is used by a short scenario, and denied when it is taken away.
 */
export const EXEMPT: readonly { readonly grants: RegExp; readonly reason: string }[] = [
  {
    grants: /Machine(?:Role)?\/DeliverLogs$/,
    reason:
      'Step Functions registers the delivery of the logs of a machine; the emulator keeps no such logs.',
  },
  {
    grants: /Machine(?:Role)?\/SendTraces$/,
    reason: 'Step Functions sends traces to X-Ray; there is none here.',
  },
  {
    grants: /^(?:Build|Test)InstanceRole\//,
    reason: 'Used by the agents on an instance; simulated instances execute nothing.',
  },
  {
    grants: /^TargetRole\/(?:LookAtKeys|ReadEncryptedSources|LendEncryptedSources)$/,
    reason: 'EC2 calls KMS in the name of whoever copies; those calls are made inside of AWS.',
  },
  {
    grants: /^AdvanceTargetsRole\/(?:EncryptOwnCopies|LendKeysToOwnCopies)$/,
    reason: 'EC2 calls KMS in the name of whoever copies; those calls are made inside of AWS.',
  },
];

export function exemption(grant: string): string | undefined {
  return EXEMPT.find(({ grants }) => grants.test(grant))?.reason;
}

/**
 * Statements for what happens rarely, which no short scenario brings about yet. They are not chosen to be taken away; every run tells them,
 * and a scenario that uses one takes it off this list.
 */
export const NOT_REACHED: readonly { readonly grants: RegExp; readonly when: string }[] = [
  {
    grants: /^CheckPreflightRole\/AskForPlans$/,
    when: 'the preflight finds a version that no event told of',
  },
  {
    grants: /^CheckPreflightRole\/ResolveImages$/,
    when: 'the preflight resolves a base that is given by its id',
  },
  {
    grants: /^(?:CleanUpBake|EndExecutions)Role\/(?:RemoveImages|RemoveUnrecordedImages)$/,
    when: 'an image carries the mark of one of them alone; most carry both, so that either is enough',
  },
  {
    grants: /^MovePointersRole\/(?:ReadOwnImages|RevokeImages|RevokeSnapshots|RemoveOwnCopies)$/,
    when: 'the distribution of a region breaks off after something was shared there',
  },
  {
    grants: /^EndExecutionsRole\/LookAtBakes$/,
    when: 'a bake has run for so long that its execution is looked at',
  },
  { grants: /^NoticeChangesRole\/StartBakes$/, when: 'a change starts a pipeline that waits for nobody' },
  { grants: /^PlanBakesRole\/AskForPlans$/, when: 'the planner asks to be asked again when a back-off ends' },
  {
    grants: /^PlanDistributionRole\/EnterTargets$/,
    when: 'an earlier attempt ended while it moved pointers',
  },
  {
    grants: /^(?:RegisterWait|WakeWaits)Role\/AskForLooks$/,
    when: 'what is waited for takes longer than the first look',
  },
];

export function notReached(grant: string): string | undefined {
  return NOT_REACHED.find(({ grants }) => grants.test(grant))?.when;
}
