import { DEFAULT_EFFECT_DELAYS, DELAYED_WRITES } from '../../local-cloud/image-services/effects.ts';
import { deployBuildKey } from '../deploy.ts';
import { ApproverMailbox } from './approver-mailbox.ts';
import { setEncryptionDefaults } from './encryption.ts';
import { createInstanceProfile } from './instance-profiles.ts';
import { Mailbox } from './mailbox.ts';
import type { Scenario } from './schema.ts';
import { createComponent, declareCommand, listRegions, type ScenarioContext } from './timeline.ts';

/** Everything that exists before the timeline begins: base images, components, declared command results, mailboxes. */
export async function prepareCloud(context: ScenarioContext): Promise<void> {
  const { scenario, cloud } = context;
  await setEncryptionDefaults(cloud, scenario);
  if (scenario.control.buildKey) await deployBuildKey(cloud, scenario);
  const regions = listRegions(scenario);
  // Said each time: another scenario may have been played here before.
  const { effectDelay } = scenario;
  await cloud.control.imageServices(
    'delay-effects',
    effectDelay === undefined
      ? DEFAULT_EFFECT_DELAYS
      : Object.fromEntries(DELAYED_WRITES.map((write) => [write, effectDelay])),
  );
  for (const name of scenario.control.instanceProfiles) await createInstanceProfile(cloud, name);
  const { account, region, inventoryAssociation } = scenario.control;
  if (inventoryAssociation)
    await cloud.control.imageServices('declare-inventory-association', { account, region });
  for (const base of scenario.bases) await cloud.control.imageServices('publish-base', { ...base, regions });
  for (const { file, ...effect } of scenario.components) {
    await cloud.control.imageServices('declare-component', effect);
    if (file !== undefined)
      await createComponent(context, { name: effect.name, version: effect.version, file });
  }
  for (const command of scenario.commands) await declareCommand(context, command);
}

export interface Mailboxes {
  readonly approvers: readonly ApproverMailbox[];
  /** A subscriber without a filter, who gets every notification. */
  readonly everybody: Mailbox;
}

export async function openMailboxes(
  scenario: Scenario,
  context: Pick<ScenarioContext, 'cloud'>,
  topics: { notification: string; approval: string },
): Promise<Mailboxes> {
  const client = context.cloud.clientConfig();
  const account = context.cloud.controlAccount;
  const everybody = await Mailbox.open({
    client,
    account,
    topicArn: topics.notification,
    name: 'mailbox-everybody',
    to: 'everybody@example.com',
  });
  const approvers = await Promise.all(
    scenario.approvers.map((address) => ApproverMailbox.open(context.cloud, topics.approval, address)),
  );
  return { approvers, everybody };
}
