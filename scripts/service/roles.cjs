/** Where the organization asks for it, roles have a path and a boundary. */
const placement = {
  Path: { Ref: 'RolePath' },
  PermissionsBoundary: { 'Fn::If': ['HasBoundary', { Ref: 'PermissionsBoundary' }, { Ref: 'AWS::NoValue' }] },
};

/** The role of one function or state machine, with the statements of resources/generated/roles.yml. */
function functionRole(statements) {
  return role('lambda.amazonaws.com', statements);
}

function machineRole(statements) {
  return role('states.amazonaws.com', statements, {
    // Step Functions acts for machines of this account alone (step-functions/dg/procedure-create-iam-role, confused deputy).
    Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
  });
}

function role(service, statements, trust = {}) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      ...placement,
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole', ...trust }],
      },
      Policies: [{ PolicyName: 'own', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  };
}

module.exports = { functionRole, machineRole };
