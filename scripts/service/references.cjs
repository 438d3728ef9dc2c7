/**
 * Functions name the machines that they start or stop, machines name the functions that they call. CloudFormation would see a circle. Names of
 * machines are fixed, so their ARNs are written out wherever something other than a definition refers to a machine.
 */
function withoutMachineReferences(value, machines) {
  if (Array.isArray(value)) return value.map((entry) => withoutMachineReferences(entry, machines));
  if (typeof value !== 'object' || value === null) return value;

  const reference = value.Ref ?? arnAttribute(value['Fn::GetAtt']);
  if (machines.has(reference)) return { 'Fn::Sub': arnText(machines.get(reference)) };
  const nameOf = nameAttribute(value['Fn::GetAtt']);
  if (machines.has(nameOf)) return machines.get(nameOf);
  if (typeof value['Fn::Sub'] === 'string') {
    const text = substituted(value['Fn::Sub'], machines);
    return text.includes('${') ? { 'Fn::Sub': text } : text;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, withoutMachineReferences(entry, machines)]),
  );
}

function arnAttribute(attribute) {
  return Array.isArray(attribute) && attribute[1] === 'Arn' ? attribute[0] : undefined;
}

function nameAttribute(attribute) {
  return Array.isArray(attribute) && attribute[1] === 'Name' ? attribute[0] : undefined;
}

function arnText(name) {
  return `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:stateMachine:${name}`;
}

function substituted(text, machines) {
  return text.replace(/\$\{([A-Za-z0-9]+)(?:\.(Arn|Name))?\}/g, (whole, id, attribute) => {
    if (!machines.has(id)) return whole;
    return attribute === 'Name' ? machines.get(id) : arnText(machines.get(id));
  });
}

module.exports = { withoutMachineReferences };
