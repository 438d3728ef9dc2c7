"""Events that are lost, repeated or late, because EventBridge delivers at its best effort and scenarios try that.

Works where an event enters a bus, so it holds for events of AWS services, of our image services and of our own alike.
"""

import contextvars
import itertools
import random
import threading

from ministack.services import eventbridge


class EventFaults:
    def __init__(self, seed: int = 1):
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._random = random.Random(seed)
        self._rules: dict[str, dict] = {}

    def add(self, fault: dict) -> str:
        with self._lock:
            name = f"event-fault-{next(self._ids)}"
            self._rules[name] = {**fault, "left": fault.get("times"), "to_skip": fault.get("skip", 0)}
            return name

    def remove(self, name: str | None) -> None:
        with self._lock:
            if name is None:
                self._rules.clear()
            else:
                self._rules.pop(name, None)

    def meet(self, event: dict):
        """The effect on this event, if any; counts it."""
        with self._lock:
            for rule in self._rules.values():
                if rule["left"] == 0 or not _matches(rule, event):
                    continue
                if rule["to_skip"] > 0:
                    rule["to_skip"] -= 1
                    continue
                if self._random.random() * 100 >= rule.get("percent", 100):
                    continue
                if rule["left"] is not None:
                    rule["left"] -= 1
                return rule["effect"]
        return None

    def install(self) -> None:
        """Stand between an event's arrival and the rules of its bus."""
        dispatch = eventbridge._dispatch_event

        def dispatch_event(event, view=None):
            # An event that a rule forwards to another bus had its fault on the first bus.
            effect = None if event.get("_DispatchPath") or not self._rules else self.meet(event)
            if effect == "lose":
                return
            if isinstance(effect, dict):
                context = contextvars.copy_context()
                timer = threading.Timer(effect["delayMs"] / 1000, lambda: context.run(dispatch, event, view))
                timer.daemon = True
                timer.start()
                return
            dispatch(event, view)
            if effect == "repeat":
                dispatch(event, view)

        eventbridge._dispatch_event = dispatch_event


def _matches(rule: dict, event: dict) -> bool:
    return rule.get("source") in (None, event.get("Source")) and rule.get("detailType") in (None, event.get("DetailType"))


event_faults = EventFaults()
