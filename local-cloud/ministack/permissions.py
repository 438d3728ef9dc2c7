"""Principals of access keys, permission checks and use of KMS keys, by MiniStack's own IAM on behalf of a service."""

from ministack.core import iam_evaluator
from ministack.core.iam_actions import identity_denial_message
from ministack.core.responses import request_scope
from ministack.services import iam, kms, sts

from answers import NotFound
from corrections.permissions import alias_context, role_arn


def identity(request: dict) -> dict:
    """The principal of an access key. Its account is the principal's, which for a session is the assumed role's."""
    credential = _credential(request["accessKeyId"])
    found = {
        "principalArn": credential.principal_arn,
        "account": credential.account_id,
        "type": credential.principal_type,
    }
    if credential.principal_type != "Root":
        found["secretAccessKey"] = credential.secret_access_key
    if credential.session_token:
        found["sessionToken"] = credential.session_token
    if credential.expiration:
        found["expiration"] = credential.expiration
    if credential.principal_type == "AssumedRole":
        name = iam_evaluator._role_name_from_assumed_arn(credential.principal_arn)
        role = iam._roles.get_scoped(credential.account_id, None, name) or {}
        found["roleArn"] = role.get("Arn") or f"arn:aws:iam::{credential.account_id}:role/{name}"
    return found


def _read_account(access_key: str) -> str:
    if iam_evaluator.is_root_access_key(access_key) and access_key.isdigit():
        return access_key
    session = sts._sessions.get(access_key)
    if session:
        return session["Arn"].split(":")[4]
    return iam_evaluator.find_iam_access_key_account(access_key) or ""


def _credential(access_key: str):
    account = _read_account(access_key)
    credential = iam_evaluator.resolve_credential(access_key, account) if account else None
    if credential is None or isinstance(credential, iam_evaluator.CredentialResolutionError):
        raise NotFound(getattr(credential, "message", "The security token included in the request is invalid."))
    return credential


def authorize(request: dict) -> dict:
    """MiniStack's own IAM evaluator, with the condition keys that the service gives."""
    access_key, action, resource = request["accessKeyId"], request["action"], request["resource"]
    credential = _credential(access_key)
    with request_scope(credential.account_id, request["region"]):
        principal = iam_evaluator.resolve_principal(access_key, credential.account_id, credential)
        if isinstance(principal, iam_evaluator.AuthError):
            return {"allowed": False, "message": principal.message}
        return _decide(principal, action, resource, request)


def authorize_role(request: dict) -> dict:
    """As authorize, for a session of a role that a service or an instance runs with: no key is handed out for it."""
    account, name = request["roleArn"].split(":")[4], request["roleArn"].rsplit("/", 1)[1]
    with request_scope(account, request["region"]):
        principal = iam_evaluator.PrincipalInfo(
            arn=f"arn:aws:sts::{account}:assumed-role/{name}/{request['session']}",
            type="AssumedRole",
            account=account,
            policies=iam_evaluator._gather_role_policies(name, account),
            limits=iam_evaluator._permissions_boundary(iam._roles, name, account),
        )
        return _decide(principal, request["action"], request["resource"], request)


def _decide(principal, action: str, resource: str, request: dict) -> dict:
    if principal.policies is None:
        return {"allowed": True, "message": ""}
    result = iam_evaluator.evaluate(
        _context(principal, action, resource, request["region"], request.get("context") or {}),
        principal.policies,
        *principal.limits,
    )
    if result.decision == "Allow":
        return {"allowed": True, "message": ""}
    message = identity_denial_message(action, principal.arn, resource, result.decision == "Deny")
    return {"allowed": False, "message": message}


def _values(name: str, value: str):
    """EC2 gives the accounts of a permission as one text; a condition sees each of them."""
    many = name.lower() in ("ec2:add/userid", "ec2:remove/userid") and "," in value
    return value.split(",") if many else value


def _context(principal, action: str, resource: str, region: str, context: dict):
    keys = {name.lower(): _values(name, value) for name, value in context.items()}
    tag_keys = [name.split("/", 1)[1] for name in context if name.lower().startswith("aws:requesttag/")]
    keys.setdefault("aws:tagkeys", tag_keys or None)
    return iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=resource,
        region=region,
        service_context=keys,
        principal_keys=principal.keys,
    )


def kms_access(request: dict) -> dict:
    """Whether a principal may use a key: the key's policy decides, across accounts the caller's own policy too."""
    key = request.get("key") or request.get("keyId") or request.get("arn") or request.get("alias")
    record, account, region = _key(key, request["account"], request["region"])
    if record is None:
        return {"exists": False, "enabled": False, "arn": "", "managedBy": "CUSTOMER", "allowed": {}}
    managed_by = "AWS" if record.get("_managed_by_aws") else record.get("KeyManager", "CUSTOMER")
    principal_arn = request["principalArn"]
    allowed = {
        # The key of AWS itself is for everybody in its account, and for nobody else. [D:kms ebs-volume-encryption]
        operation: principal_arn.split(":")[4] == account
        if managed_by == "AWS"
        else _key_allows(record, account, region, principal_arn, operation)
        or _is_granted(record, account, region, principal_arn, operation)
        for operation in request["operations"]
    }
    return {
        "exists": True,
        "enabled": record.get("KeyState", "Enabled") == "Enabled",
        "arn": record["Arn"],
        "managedBy": managed_by,
        "allowed": allowed,
    }


def _key(key: str, account: str, region: str):
    if key.startswith("arn:"):
        _, _, _, region, account, name = key.split(":", 5)
    else:
        name = key
    with request_scope(account, region):
        alias = name.removeprefix("alias/")
        if alias.startswith("aws/"):
            # AWS managed keys come into being with their first use and cannot be shared. [D:kms concepts]
            arn = f"arn:aws:kms:{region}:{account}:alias/{alias}"
            return {"Arn": arn, "_managed_by_aws": True}, account, region
        return kms._resolve_key(name.removeprefix("key/")), account, region


def _key_allows(record: dict, account: str, region: str, principal_arn: str, operation: str) -> bool:
    caller_account = principal_arn.split(":")[4]
    with request_scope(account, region):
        aliases = alias_context(record)
    with request_scope(caller_account, region):
        context = iam_evaluator.EvalContext(
            principal_arn=principal_arn,
            principal_type="AssumedRole" if ":assumed-role/" in principal_arn else "User",
            principal_account=caller_account,
            action=f"kms:{operation}",
            resource_arn=record["Arn"],
            region=region,
            # EC2 uses keys on behalf of the caller; key policies condition on these. [D:kms ebs-volume-encryption]
            service_context={
                "kms:viaservice": f"ec2.{region}.amazonaws.com",
                "kms:calleraccount": caller_account,
                "kms:grantisforawsresource": "true",
                **aliases,
            },
        )
        policies, limits = _read_policies(principal_arn, caller_account)
        if policies is None:
            identity = iam_evaluator.EvalResult("Allow", principal_arn)
        else:
            identity = iam_evaluator.evaluate(context, policies, *limits)
        result = iam_evaluator.combine_resource_policy(
            identity, context, record.get("Policy") or "", account, required=True, limits=tuple(limits)
        )
    return result.decision == "Allow"


def _is_granted(record: dict, account: str, region: str, principal_arn: str, operation: str) -> bool:
    """Whether a grant gives the operation to the principal; whoever made it may be of another account. [D:kms grants]"""
    role = role_arn(principal_arn)
    found = []
    for scope in {account, principal_arn.split(":")[4]}:
        with request_scope(scope, region):
            found += [grant for grant in kms._grants.values() if grant["KeyId"] == record["Arn"]]
    return any(grant["GranteePrincipal"] == role and operation in grant["Operations"] for grant in found)


# What the policies of service-linked roles, which are AWS's own, allow with keys. Those that are not here allow nothing, so that a key's policy
# has to name them (autoscaling key-policy-requirements-EBS-encryption; aws-managed-policy AWSServiceRoleForImageBuilder).
_VIA_EC2 = {"StringLike": {"kms:ViaService": ["ec2.*.amazonaws.com"]}}
_SERVICE_ROLE_POLICIES = {
    "imagebuilder.amazonaws.com": {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:Decrypt",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                    "kms:GenerateDataKeyWithoutPlaintext",
                ],
                "Resource": "*",
                "Condition": _VIA_EC2,
            },
            {
                "Effect": "Allow",
                "Action": "kms:CreateGrant",
                "Resource": "*",
                "Condition": {**_VIA_EC2, "Bool": {"kms:GrantIsForAWSResource": "true"}},
            },
        ]
    }
}


def _read_policies(principal_arn: str, account: str):
    """The identity policies and limits of a role, session or user; none at all for root, which may do everything."""
    name = principal_arn.rsplit("/", 1)[-1]
    if principal_arn.endswith(":root"):
        return None, []
    if ":role/aws-service-role/" in principal_arn:
        policy = _SERVICE_ROLE_POLICIES.get(principal_arn.split("/")[2])
        return ([iam_evaluator.parse_policy_document(policy)] if policy else []), []
    if ":user/" in principal_arn:
        return (
            iam_evaluator._gather_user_policies(name, account),
            iam_evaluator._permissions_boundary(iam._users, name, account),
        )
    if ":assumed-role/" in principal_arn:
        name = iam_evaluator._role_name_from_assumed_arn(principal_arn)
    return (
        iam_evaluator._gather_role_policies(name, account),
        iam_evaluator._permissions_boundary(iam._roles, name, account),
    )
