"""The launcher's own endpoints under /_launcher/, which only the gateway calls.

They offer what AWS services ask of each other: the principal of a key, a permission check, an event for a bus.
"""

import asyncio
import hmac
import json

from ministack.core.responses import request_scope
from ministack.services import eventbridge, iam, s3, ssm

import permissions
import workers
from answers import NotFound
from corrections.mail import mails
from corrections.parameters import emit_parameter_event, public_parameters
from corrections.stacks import logging_trails
from event_faults import event_faults


def with_launcher_endpoints(app, secret: str):
    """The ASGI application with the launcher's endpoints in front. Without the secret only MiniStack answers."""

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


def _events(request: dict) -> dict:
    """Puts events of AWS services, which PutEvents refuses from other callers."""
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
    return {
        "value": found.get("OriginalValue", found["Value"]),
        "version": found.get("Version", 1),
        "type": found.get("Type", "String"),
        "dataType": found.get("DataType") or "text",
    }


def _parameter_event(request: dict) -> dict:
    with request_scope(request["account"], request["region"]):
        emit_parameter_event(request["operation"], request["name"], request.get("detail") or {})
    return {}


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


def _mails(request: dict) -> dict:
    return {"mails": mails.after(request.get("after", 0))}


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


# Those that take long run beside the event loop.
SLOW_ENDPOINTS = {workers.warm}

ENDPOINTS = {
    "functions/warm": workers.warm,
    "functions/crash": workers.crash,
    "ready": _ready,
    "identity": permissions.identity,
    "authorize": permissions.authorize,
    "authorize/role": permissions.authorize_role,
    "events": _events,
    "event-faults/add": _add_event_fault,
    "event-faults/remove": _remove_event_faults,
    "parameters": _parameters,
    "parameters/read": _read_parameter,
    "parameters/event": _parameter_event,
    "kms/access": permissions.kms_access,
    "trails": _trails,
    "instance-profiles": _instance_profile,
    "mails": _mails,
    "objects": _object,
}
