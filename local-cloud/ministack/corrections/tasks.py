"""Step Functions: waiting and retrying of tasks."""

import random
import threading
import time

from ministack.services import stepfunctions as sf

from .executions import current_execution, endings, tell_endings
from .support import correction, replace_text, wrap


@correction(
    fact=(
        "TimeoutSeconds and HeartbeatSeconds of a JSONata Task may be expressions, "
        "and a Task of an execution that has ended does not begin."
    ),
    source="docs.aws.amazon.com/step-functions/latest/dg/state-task.html",
)
def task_fields_may_be_expressions():
    def execute_task(original, task, state_input, execution, context):
        if execution is not None and execution["status"] != "RUNNING":
            raise sf._ExecutionError("States.Aborted", "The execution has ended.")
        token = current_execution.set(execution)
        try:
            evaluated = {
                name: sf._apply_jsonata_template(task[name], state_input, context)
                for name in ("TimeoutSeconds", "HeartbeatSeconds")
                if isinstance(task.get(name), str)
            }
            return original({**task, **evaluated}, state_input, execution, context)
        finally:
            current_execution.reset(token)

    wrap(sf, "_execute_task", execute_task)


@correction(
    fact="Each attempt of a callback task has a token of its own.",
    source="docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html",
)
def each_attempt_has_its_own_token():
    replace_text(
        sf,
        "_execute_task",
        (
            "        # Each attempt sees its own $$.State.RetryCount.\n",
            '        if is_callback:\n            ctx["Task"] = {"Token": new_uuid()}\n',
        ),
    )


@correction(
    fact="Retriers honour MaxDelaySeconds and JitterStrategy.",
    source="docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html",
)
def retries_honour_their_delay():
    sf._retry_delay = _retry_delay
    replace_text(
        sf,
        "_execute_task",
        ("_scaled_sleep(min(sleep_sec, 60))", "_scaled_sleep(_retry_delay(retrier, sleep_sec))"),
    )


def _retry_delay(retrier: dict, seconds: float) -> float:
    if "MaxDelaySeconds" in retrier:
        seconds = min(seconds, retrier["MaxDelaySeconds"])
    return random.uniform(0, seconds) if retrier.get("JitterStrategy") == "FULL" else seconds


@correction(
    fact="A callback task fails at once when the call that hands out its token fails.",
    source="docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html",
)
def callback_tasks_fail_with_their_call():
    replace_text(
        sf,
        "_invoke_with_callback",
        (
            "        except _ExecutionError:\n            pass\n",
            "        except _ExecutionError:\n            _task_tokens.pop(token, None)\n            raise\n",
        ),
    )


@correction(
    fact=(
        "A callback task ends with States.HeartbeatTimeout when no heartbeat came for HeartbeatSeconds, "
        "with States.Timeout after TimeoutSeconds, and with its execution."
    ),
    source="docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#wait-token-hearbeat",
)
def callback_tasks_end_in_time():
    tell_endings()
    sf._wait_for_callback = _wait_for_callback
    replace_text(
        sf,
        "_invoke_with_callback",
        ("if not evt.wait(timeout=timeout):", "if not _wait_for_callback(evt, token, timeout, state_def):"),
    )

    def send_heartbeat(original, data):
        info = sf._task_tokens.get(data.get("taskToken"))
        response = original(data)
        if info is not None:
            info["beat_at"] = time.monotonic()
            if "woken" in info:
                info["woken"].set()
        return response

    wrap(sf, "_send_task_heartbeat", send_heartbeat)


def _wait_for_callback(answered: threading.Event, token: str, timeout, task: dict) -> bool:
    """True when the task was answered; false when TimeoutSeconds passed; raises for the other ends."""
    execution = current_execution.get()
    info = sf._task_tokens[token]
    woken = info["woken"] = _Woken(answered)
    info.setdefault("beat_at", time.monotonic())
    if execution is not None:
        endings.watch(execution, woken)
    deadline = time.monotonic() + timeout
    heartbeat = task.get("HeartbeatSeconds")
    try:
        while True:
            until = min(deadline, info["beat_at"] + heartbeat) if heartbeat else deadline
            woken.wait(max(0.0, until - time.monotonic()))
            if answered.is_set():
                return True
            if execution is not None and execution["status"] != "RUNNING":
                sf._task_tokens.pop(token, None)
                raise sf._ExecutionError("States.Aborted", "The execution ended.")
            now = time.monotonic()
            if now >= deadline:
                return False
            if heartbeat and now >= info["beat_at"] + heartbeat:
                sf._task_tokens.pop(token, None)
                raise sf._ExecutionError("States.HeartbeatTimeout", f"No heartbeat for {heartbeat} seconds.")
    finally:
        if execution is not None:
            endings.forget(execution, woken)


class _Woken:
    """One thing to wait on for several reasons: an answer, a heartbeat, the end of the execution."""

    def __init__(self, answered: threading.Event):
        self._condition = threading.Condition()
        self._woken = False
        self._answered = answered
        # MiniStack sets the answer's own event; following it keeps the wait free of polling.
        set_answer = answered.set

        def answer_and_wake():
            set_answer()
            self.set()

        answered.set = answer_and_wake

    def set(self) -> None:
        with self._condition:
            self._woken = True
            self._condition.notify_all()

    def wait(self, seconds: float) -> None:
        with self._condition:
            if not self._answered.is_set() and not self._woken:
                self._condition.wait(min(seconds, threading.TIMEOUT_MAX))
            self._woken = False
