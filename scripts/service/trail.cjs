const {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} = require('@aws-sdk/client-cloudtrail');

const RESYNC = 'new versions of components are found by the resync, within 15 minutes';

/**
 * How changes of components are heard of in an account and region, in a sentence for whoever deploys: they reach EventBridge where a trail records
 * management events (eventbridge/latest/userguide/eb-service-event-cloudtrail). A trail of the organization counts: the account sees it as its own.
 */
async function describeTrail({
  region,
  profile,
  client = new CloudTrailClient({ region, ...(profile ? { profile } : {}) }),
}) {
  try {
    const { trailList = [] } = await client.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
    const here = trailList.filter((trail) => trail.HomeRegion === region || trail.IsMultiRegionTrail);
    for (const trail of here) {
      if (await delivers(client, trail))
        return `The trail ${trail.Name} records management events here: ${region} hears of new versions of components at once.`;
    }
    return `No trail records management events in ${region}: ${RESYNC}. A first trail costs nothing but its storage; MakeTrail=true makes one.`;
  } catch (error) {
    return `Trails could not be read (${error.name}): without one, ${RESYNC}.`;
  }
}

async function delivers(client, trail) {
  const Name = trail.TrailARN ?? trail.Name;
  const { IsLogging } = await client.send(new GetTrailStatusCommand({ Name }));
  if (!IsLogging) return false;
  if (!trail.HasCustomEventSelectors) return true;
  return recordsManagementWrites(await client.send(new GetEventSelectorsCommand({ TrailName: Name })));
}

function recordsManagementWrites({ EventSelectors = [], AdvancedEventSelectors = [] }) {
  return (
    EventSelectors.some(
      ({ IncludeManagementEvents, ReadWriteType }) =>
        IncludeManagementEvents !== false && ReadWriteType !== 'ReadOnly',
    ) ||
    AdvancedEventSelectors.some(
      ({ FieldSelectors = [] }) =>
        FieldSelectors.some(
          ({ Field, Equals = [] }) => Field === 'eventCategory' && Equals.includes('Management'),
        ) &&
        !FieldSelectors.some(({ Field, Equals = [] }) => Field === 'readOnly' && Equals.includes('true')),
    )
  );
}

module.exports = { describeTrail };
