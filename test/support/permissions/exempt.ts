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
    grants: /^TargetRole\/(?:DescribeKeys|ReadEncryptedSources|GrantSourceKeysToEbs)$/,
    reason: 'EC2 calls KMS in the name of the role that copies; those calls are made inside of AWS.',
  },
  {
    grants: /^AdvanceTargetsRole\/\w*CopyFrom(?:Encryption|Grants|Source)/,
    reason: 'EC2 calls KMS in the name of the role that copies; those calls are made inside of AWS.',
  },
  {
    grants: /^(?:ServeApi|PreviewPlan)Role\/TargetAccountsFindClosed$/,
    reason: 'Target accounts are asked where an organization decides; the local cloud has a list of them.',
  },
  {
    grants: /^OpenTargetsRole\//,
    reason:
      'Called where an organization decides which accounts are targets; the local cloud has a list of them.',
  },
  {
    grants: /^LaunchTestInstanceRole\/\w*Launch(?:Encryption|Grants)$/,
    reason: 'EC2 calls KMS in the name of the role that launches; those calls are made inside of AWS.',
  },
  {
    grants:
      /^(?:CleanUpReleases|PreviewCleanUp)Role\/|^TargetRole\/(?:DescribeInstances|ListOwnImagesAgain)$/,
    reason:
      'Two days pass between the mark of a release and its removal, longer than a short scenario; test/cloud/clean-up.test.ts plays them.',
  },
];

export function exemption(grant: string): string | undefined {
  return EXEMPT.find(({ grants }) => grants.test(grant))?.reason;
}
