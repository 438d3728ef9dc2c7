"""EventBridge: rules whose target is a bus of another account or region, and the policies of buses."""

import fnmatch
import json
import logging

from ministack.core.responses import get_account_id, get_region, json_response, request_scope
from ministack.services import eventbridge

from .support import correction, wrap

logger = logging.getLogger("ministack")


@correction(
    fact=(
        "A rule may send events to a bus of another account (whose policy allows it) or region; the event keeps its id, "
        "account and region, and a bus does not send on to a third account what it got from a second."
    ),
    source="docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html, eb-cross-region.html",
)
def rules_reach_other_buses():
    def dispatch(original, spec, event, rule, event_path, payload=None):
        if spec.account_id == get_account_id() and spec.region == get_region():
            original(spec, event, rule, event_path, payload)
        else:
            _send_elsewhere(spec, event, rule, event_path, payload)

    wrap(eventbridge, "_dispatch_to_event_bus", dispatch)


def _send_elsewhere(spec, event, rule, event_path, payload) -> None:
    here = get_account_id()
    rule_key = eventbridge._rule_key(rule.get("Name"), rule.get("EventBusName", "default"))
    step = f"{here}/{get_region()}/{rule_key}"
    if step in event_path:
        return
    if spec.account_id != here and event.get("Account") != here:
        logger.warning("EventBridge: an event from account %s is not sent on by %s to %s", event.get("Account"), here, spec)
        return
    bus = spec.resource.split("/", 1)[1]
    forwarded = {**event, "EventBusName": bus, "_DispatchPath": [*event_path, step]}
    if payload is not None:
        forwarded["Detail"] = payload
    with request_scope(spec.account_id, spec.region):
        eventbridge._ensure_default_bus()
        if bus not in eventbridge._event_buses:
            logger.warning("EventBridge: the target bus %s does not exist", spec)
            return
        if spec.account_id != here and not _policy_lets_in(bus, here):
            logger.warning("EventBridge: the policy of %s does not let account %s put events", spec, here)
            return
        eventbridge._dispatch_event(forwarded)
        eventbridge._archive_event({name: value for name, value in forwarded.items() if name != "_DispatchPath"})


def _policy_lets_in(bus: str, account: str) -> bool:
    """Whether the bus policy allows events:PutEvents to the account. Conditions other than on the account are not read."""
    policy = eventbridge._event_bus_policies.get(bus) or {}
    return any(
        statement.get("Effect") == "Allow"
        and any(fnmatch.fnmatch("events:PutEvents", action) for action in _listed(statement.get("Action")))
        and _names(statement.get("Principal"), account)
        for statement in _listed(policy.get("Statement"))
    )


def _names(principal, account: str) -> bool:
    if isinstance(principal, dict):
        principal = principal.get("AWS", [])
    # A principal that is a role of the account admits the events that rules send with that role.
    return any(name == "*" or name == account or f"arn:aws:iam::{account}:" in name for name in _listed(principal))


def _listed(value) -> list:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@correction(
    fact="PutPermission takes a whole policy document too.",
    source="docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html",
)
def buses_take_whole_policies():
    def put_permission(original, data):
        if not data.get("Policy"):
            return original(data)
        eventbridge._event_bus_policies[data.get("EventBusName", "default")] = json.loads(data["Policy"])
        return json_response({})

    wrap(eventbridge, "_put_permission", put_permission)
