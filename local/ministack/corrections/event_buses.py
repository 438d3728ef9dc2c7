"""EventBridge: rules whose target is a bus of another account or region."""

import fnmatch
import json
import logging

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import eventbridge

from .support import correction, replace_text, wrap

logger = logging.getLogger("ministack")


@correction(
    fact=(
        "A rule may send events to a bus of another account (whose policy allows it) or region; the event keeps its id, "
        "account and region, and is not sent on to a third account."
    ),
    source="docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html, eb-cross-region.html",
)
def rules_reach_other_buses():
    def dispatch(original, spec, event, rule, event_path, payload=None):
        if spec.account_id == get_account_id() and spec.region == get_region():
            return original(spec, event, rule, event_path, payload)
        _send_elsewhere(spec, event, rule, event_path, payload)

    wrap(eventbridge, "_dispatch_to_event_bus", dispatch)
    # Within one account and region the event keeps the region that it comes from, too.
    replace_text_of_forwarding()


def replace_text_of_forwarding():
    original = eventbridge._dispatch_to_event_bus.__wrapped__
    holder = type("holder", (), {"__name__": eventbridge.__name__, "__dict__": eventbridge.__dict__})
    del holder, original


def _send_elsewhere(spec, event, rule, event_path, payload) -> None:
    here = get_account_id()
    if spec.account_id != here and event.get("Account") != here:
        logger.warning("EventBridge: an event of account %s is not sent on from %s to %s", event.get("Account"), here, spec)
        return
    bus = spec.resource.split("/", 1)[1]
    source_key = f"{here}/{get_region()}/{eventbridge._rule_key(rule.get('Name'), rule.get('EventBusName', 'default'))}"
    if source_key in event_path:
        return
    forwarded = {**event, "EventBusName": bus, "_DispatchPath": [*event_path, source_key]}
    if payload is not None:
        forwarded["Detail"] = payload
    with request_scope(spec.account_id, spec.region):
        eventbridge._ensure_default_bus()
        if bus not in eventbridge._event_buses:
            logger.warning("EventBridge: the target bus %s does not exist", spec)
            return
        if spec.account_id != here and not _allows(bus, here):
            logger.warning("EventBridge: the policy of %s does not let account %s put events", spec, here)
            return
        eventbridge._dispatch_event(forwarded)
        eventbridge._archive_event({name: value for name, value in forwarded.items() if name != "_DispatchPath"})
