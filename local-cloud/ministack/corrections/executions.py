"""Step Functions: how executions start, end, nest and time out."""

import contextvars
import json
import threading

from ministack.core.responses import json_response
from ministack.services import stepfunctions as sf

from .support import correction, replace_text, require, wrap

# The execution whose state runs in this thread; set for every Task by task_fields_may_be_expressions.
current_execution: contextvars.ContextVar[dict | None] = contextvars.ContextVar("current_execution", default=None)


class _Endings:
    """Tells waiting threads that an execution has ended, so that nothing has to poll for it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._waiting: dict[str, list[threading.Event]] = {}

    def watch(self, execution: dict, event: threading.Event) -> None:
        """Set the event when the execution ends, or now if it has."""
        with self._lock:
            if execution["status"] == "RUNNING":
                self._waiting.setdefault(execution["executionArn"], []).append(event)
                return
        event.set()

    def forget(self, execution: dict, event: threading.Event) -> None:
        with self._lock:
            waiting = self._waiting.get(execution["executionArn"], [])
            if event in waiting:
                waiting.remove(event)

    def tell(self, execution: dict) -> None:
        with self._lock:
            waiting = self._waiting.pop(execution["executionArn"], [])
        for event in waiting:
            event.set()


endings = _Endings()


def tell_endings() -> None:
    """Signal ends of executions where MiniStack announces every change of status. May be called more than once."""

    def emit(original, execution):
        if execution["status"] != "RUNNING":
            endings.tell(execution)
        original(execution)

    if not hasattr(require(sf, "_emit_execution_status_event"), "inner"):
        wrap(sf, "_emit_execution_status_event", emit)


@correction(
    fact="A started execution runs at once; MiniStack lets each one sleep 150 ms first.",
    source="docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html",
)
def executions_start_at_once():
    replace_text(sf, "_run_execution", ("    time.sleep(0.15)\n", ""))


@correction(
    fact="StartExecution with the name and input of a running execution answers with that execution.",
    source="docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html",
)
def starting_the_same_again_is_idempotent():
    def start_execution(original, data):
        response = original(data)
        if response[0] == 400 and json.loads(response[2]).get("__type") == "ExecutionAlreadyExists":
            running = _running_twin(data)
            if running is not None:
                return json_response({"executionArn": running["executionArn"], "startDate": running["startDate"]})
        return response

    wrap(sf, "_start_execution", start_execution)


def _running_twin(data: dict) -> dict | None:
    machine_arn = sf._resolve_state_machine_arn(data.get("stateMachineArn", "").split("#")[0])
    for execution in sf._executions.values():
        if (
            execution["stateMachineArn"] == machine_arn
            and execution["name"] == data.get("name")
            and execution["status"] == "RUNNING"
            and execution["input"] == data.get("input", "{}")
        ):
            return execution
    return None


@correction(
    fact="An execution that has ended never changes again: a stopped one is not failed by the task that it was waiting for.",
    source="docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html",
)
def ended_executions_stay_as_they_ended():
    def fail_execution(original, execution, error, cause):
        if execution["status"] == "RUNNING":
            original(execution, error, cause)

    wrap(sf, "_fail_execution", fail_execution)


@correction(
    fact=(
        "startExecution.sync starts an ordinary execution, with status events of its own; when it does not succeed, the task "
        "fails with States.TaskFailed and the child's description as the cause; stopping the parent stops the child."
    ),
    source="docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html",
)
def nested_executions_are_executions():
    tell_endings()
    require(sf, "_invoke_nested_start_execution_sync")
    require(sf, "_invoke_nested_start_execution")
    sf._invoke_nested_start_execution_sync = _run_nested
    sf._invoke_nested_start_execution = _start_nested


def _start_nested(resource: str, arguments: dict) -> dict:
    started = _start_child(arguments)
    return {"ExecutionArn": started["executionArn"], "StartDate": started["startDate"]}


def _run_nested(resource: str, arguments: dict) -> dict:
    started = _start_child(arguments)
    child = sf._executions[started["executionArn"]]
    parent = current_execution.get()
    ended = threading.Event()
    endings.watch(child, ended)
    if parent is not None:
        endings.watch(parent, ended)
    ended.wait()
    if parent is not None:
        endings.forget(parent, ended)
    if child["status"] == "RUNNING":
        sf._stop_execution({"executionArn": child["executionArn"]})
        raise sf._ExecutionError("States.Aborted", "The parent execution ended.")
    description = _describe(child)
    if child["status"] != "SUCCEEDED":
        raise sf._ExecutionError("States.TaskFailed", json.dumps(description))
    # .sync gives the output as text, .sync:2 as JSON [D:connect-stepfunctions].
    output = child.get("output") or "{}"
    description["Output"] = json.loads(output) if resource.endswith(":2") else output
    return description


def _start_child(arguments: dict) -> dict:
    status, _, body = sf._start_execution(sf._nested_start_execution_request(arguments))
    answer = json.loads(body)
    if status >= 400:
        name = answer.get("__type", "Unknown")
        # Optimised integrations name errors <Service>.<Name>Exception [D:concepts-error-handling].
        name = name if name.endswith("Exception") else f"{name}Exception"
        raise sf._ExecutionError(f"StepFunctions.{name}", answer.get("message", ""))
    return answer


def _describe(child: dict) -> dict:
    """DescribeExecution's answer in the capitalised form that integrations give."""
    described = {
        "ExecutionArn": child["executionArn"],
        "StateMachineArn": child["stateMachineArn"],
        "Name": child["name"],
        "Status": child["status"],
        "StartDate": sf._iso_to_epoch_ms(child["startDate"]),
        "StopDate": sf._iso_to_epoch_ms(child["stopDate"]),
        "Input": child["input"],
        "InputDetails": {"Included": True},
    }
    if child.get("error"):
        described["Error"] = child["error"]
    if child.get("cause"):
        described["Cause"] = child["cause"]
    return described


@correction(
    fact="A machine's TimeoutSeconds ends its executions with the status TIMED_OUT.",
    source="docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html",
)
def machines_time_out():
    def run_execution(original, execution_arn):
        execution = sf._executions.get(execution_arn)
        seconds = _machine_timeout(execution)
        if seconds is None:
            return original(execution_arn)
        context = contextvars.copy_context()
        timer = threading.Timer(seconds, lambda: context.run(_time_out, execution, seconds))
        timer.daemon = True
        timer.start()
        try:
            return original(execution_arn)
        finally:
            timer.cancel()

    wrap(sf, "_run_execution", run_execution)


def _machine_timeout(execution: dict | None):
    machine = sf._state_machines.get(execution["stateMachineArn"]) if execution else None
    if not machine:
        return None
    try:
        return json.loads(machine["definition"]).get("TimeoutSeconds")
    except json.JSONDecodeError:
        return None


def _time_out(execution: dict, seconds) -> None:
    if execution["status"] != "RUNNING":
        return
    execution.update(
        status="TIMED_OUT", error="States.Timeout", cause=f"The execution ran longer than {seconds} seconds.",
        stopDate=sf.now_iso(),
    )
    sf._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}})
    sf._emit_execution_status_event(execution)
