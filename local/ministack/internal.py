"""The launcher's own endpoints under /_launcher/, which only the gateway calls.

They answer what a real AWS service may ask of another: who is this key, may it do this, put this event on that bus.
"""

import asyncio
import hmac
import json
import os
from concurrent.futures import ThreadPoolExecutor

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.iam_actions import identity_denial_message
from ministack.core.responses import request_scope
from ministack.services import eventbridge, iam, kms, lambda_svc, s3, ssm, sts

from corrections.parameters import emit_parameter_event, public_parameters
from corrections.stacks import logging_trails
from event_faults import event_faults


class NotFound(Exception):
    """The answer is 404."""


def with_launcher_endpoints(app, secret: str):
    """The ASGI application with our endpoints in front. Whoever does not know the secret sees MiniStack only."""

    async def with_endpoints(scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith("/_launcher/"):
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if not hmac.compare_digest(headers.get(b"x-launcher-secret", b""), secret.encode()):
            await _answer(send, 403, {"message": "The launcher's endpoints are for the gateway only."})
            return
        endpoint = ENDPOINTS.get(scope["path"].removeprefix("/_launcher/"))
        body = await _body(receive)
        if endpoint is None:
            await _answer(send, 404, {"message": f"There is no {scope['path']}."})
            return
        try:
            request = json.loads(body or b"{}")
            slow = endpoint in SLOW_ENDPOINTS
            await _answer(send, 200, await asyncio.to_thread(endpoint, request) if slow else endpoint(request))
        except NotFound as missing:
            await _answer(send, 404, {"message": str(missing)})
        except Exception as failure:  # the gateway reports it; a crash here would end the connection without a reason
            await _answer(send, 500, {"message": f"{type(failure).__name__}: {failure}"})

    return with_endpoints


async def _body(receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send, status: int, document: dict) -> None:
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _ready(request: dict) -> dict:
    return {"ready": True}


def _identity(request: dict) -> dict:
    """Who an access key is. Its account is the principal's, which for a session is the assumed role's."""
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


def _account_of(access_key: str) -> str:
    if iam_evaluator.is_root_access_key(access_key) and access_key.isdigit():
        return access_key
    session = sts._sessions.get(access_key)
    if session:
        return session["Arn"].split(":")[4]
    return iam_evaluator.find_iam_access_key_account(access_key) or ""


def _credential(access_key: str):
    account = _account_of(access_key)
    credential = iam_evaluator.resolve_credential(access_key, account) if account else None
    if credential is None or isinstance(credential, iam_evaluator.CredentialResolutionError):
        raise NotFound(getattr(credential, "message", "The security token included in the request is invalid."))
    return credential


def _authorize(request: dict) -> dict:
    """MiniStack's own IAM evaluator, with the condition keys that the service gives."""
    access_key, action, resource = request["accessKeyId"], request["action"], request["resource"]
    credential = _credential(access_key)
    with request_scope(credential.account_id, request["region"]):
        principal = iam_evaluator.resolve_principal(access_key, credential.account_id, credential)
        if isinstance(principal, iam_evaluator.AuthError):
            return {"allowed": False, "message": principal.message}
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


def _context(principal, action: str, resource: str, region: str, context: dict):
    keys = {name.lower(): value for name, value in context.items()}
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


def _events(request: dict) -> dict:
    """Events of AWS services, which PutEvents refuses from everybody else."""
    with request_scope(request["account"], request["region"]):
        eventbridge._ensure_default_bus()
        response = eventbridge._put_events({"Entries": request["entries"]}, allow_aws_source=True)
    return json.loads(response[2])


def _parameters(request: dict) -> dict:
    """Seeds or raises a public parameter; with an account, an own one, as PutParameter would."""
    if not request.get("account"):
        return {"version": public_parameters.put(request["region"], request["name"], request["value"])}
    with request_scope(request["account"], request["region"]):
        response = ssm._put_parameter(
            {"Name": request["name"], "Value": request["value"], "Type": "String", "Overwrite": True}
        )
    answer = json.loads(response[2])
    if response[0] >= 400:
        raise ValueError(answer.get("message"))
    return {"version": answer["Version"]}


def _read_parameter(request: dict) -> dict:
    with request_scope(request["account"], request["region"]):
        found, error = ssm._select_parameter(request["name"])
    if error or not found:
        raise NotFound(f"There is no parameter {request['name']}.")
    return {"value": found.get("OriginalValue", found["Value"]), "version": found.get("Version", 1)}


def _parameter_event(request: dict) -> dict:
    with request_scope(request["account"], request["region"]):
        emit_parameter_event(request["operation"], request["name"], request.get("detail") or {})
    return {}


def _kms_access(request: dict) -> dict:
    """Whether a principal may use a key: the key's policy decides, across accounts the caller's own policy too."""
    key = request.get("key") or request.get("keyId") or request.get("arn") or request.get("alias")
    record, account, region = _key(key, request["account"], request["region"])
    if record is None:
        return {"exists": False, "enabled": False, "arn": "", "managedBy": "CUSTOMER", "allowed": {}}
    managed_by = "AWS" if record.get("_managed_by_aws") else record.get("KeyManager", "CUSTOMER")
    allowed = {
        operation: managed_by == "AWS" or _key_allows(record, account, region, request["principalArn"], operation)
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
            },
        )
        policies, limits = _policies_of(principal_arn, caller_account)
        if policies is None:
            identity = iam_evaluator.EvalResult("Allow", principal_arn)
        else:
            identity = iam_evaluator.evaluate(context, policies, *limits)
        result = iam_evaluator.combine_resource_policy(
            identity, context, record.get("Policy") or "", account, required=True, limits=tuple(limits)
        )
    return result.decision == "Allow"


def _policies_of(principal_arn: str, account: str):
    """The identity policies and limits of a role, session or user; none at all for root, which may do everything."""
    name = principal_arn.rsplit("/", 1)[-1]
    if principal_arn.endswith(":root"):
        return None, []
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


def _trails(request: dict) -> dict:
    return {"trails": logging_trails(request["account"], request["region"])}


def _instance_profile(request: dict) -> dict:
    profile = iam._instance_profiles.get_scoped(request["account"], None, request["name"])
    if profile is None:
        raise NotFound(f"There is no instance profile {request['name']}.")
    roles = profile.get("Roles") or []
    if not roles:
        return {}
    role = roles[0] if isinstance(roles[0], str) else roles[0].get("RoleName", "")
    record = iam._roles.get_scoped(request["account"], None, role) or {}
    return {"roleArn": record.get("Arn") or f"arn:aws:iam::{request['account']}:role/{role}"}


def _object(request: dict) -> dict:
    with request_scope(request["account"], request["region"]):
        status, _, body = s3._get_object(request["bucket"], request["key"], {}, {})
    if status != 200 or not isinstance(body, (bytes, str)):
        raise NotFound(f"There is no object s3://{request['bucket']}/{request['key']}.")
    return {"text": body if isinstance(body, str) else body.decode("utf-8", "replace")}


def _add_event_fault(request: dict) -> dict:
    return {"id": event_faults.add(request)}


def _remove_event_faults(request: dict) -> dict:
    event_faults.remove(request.get("id"))
    return {}


def _warm(request: dict) -> dict:
    """Starts an environment of each function that has none, so that what is measured next is not their start."""
    scope = (request["account"], request["region"])
    records = [record for key, record in lambda_svc._functions.all_items() if key[:2] == scope]

    def start(record: dict) -> None:
        config = record["config"]
        worker, _ = lambda_runtime.acquire_worker(config["FunctionName"], config, record["code_zip"])
        try:
            lambda_runtime.ensure_spawned(worker)
        finally:
            lambda_runtime.release_worker(worker)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(start, [record for record in records if record.get("code_zip")]))
    return {"functions": len(records)}


def _crash(request: dict) -> dict:
    """Ends the Lambda worker that holds the client side of a connection to the gateway, in the middle of what it does."""
    inodes = _sockets_of_port(request["port"])
    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool if worker._proc is not None]
    for worker in workers:
        if _open_sockets(worker._proc.pid) & inodes:
            worker._proc.kill()
            return {"function": worker.func_name}
    raise NotFound("No function holds that connection.")


def _sockets_of_port(port: int) -> set[str]:
    """Inodes of the sockets whose local port is this. Linux tells in /proc/net/tcp, in hexadecimal."""
    ending = f":{port:04X}"
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(table):
            continue
        with open(table) as lines:
            found |= {fields[9] for fields in map(str.split, lines) if fields[1].endswith(ending)}
    return found


def _open_sockets(pid: int) -> set[str]:
    links = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            link = os.readlink(f"/proc/{pid}/fd/{name}")
            if link.startswith("socket:["):
                links.add(link[8:-1])
    except OSError:
        pass  # The process has ended, or this is no Linux.
    return links


# Those that take long run beside the event loop.
SLOW_ENDPOINTS = {_warm}

ENDPOINTS = {
    "functions/warm": _warm,
    "functions/crash": _crash,
    "ready": _ready,
    "identity": _identity,
    "authorize": _authorize,
    "events": _events,
    "event-faults/add": _add_event_fault,
    "event-faults/remove": _remove_event_faults,
    "parameters": _parameters,
    "parameters/read": _read_parameter,
    "parameters/event": _parameter_event,
    "kms/access": _kms_access,
    "trails": _trails,
    "instance-profiles": _instance_profile,
    "objects": _object,
}
