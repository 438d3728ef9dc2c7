"""Lambda: event source mappings of DynamoDB streams."""

import contextvars
import json
import threading
import time

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import dynamodb, lambda_svc

from .support import correction, replace_text, require


@correction(
    fact=(
        "A stream is read apart from all other sources, so a slow function delays no other; the batch failures that the "
        "function reports, MaximumRetryAttempts and BisectBatchOnFunctionError decide what is read again."
    ),
    source="docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html, services-ddb-batchfailurereporting.html",
)
def streams_are_read_apart():
    for name in ("_poll_dynamodb_streams", "_dispatch_esm_batch", "_apply_filter_criteria", "_execute_function"):
        require(lambda_svc, name)
    lambda_svc._poll_dynamodb_streams = _poll


@correction(
    fact=(
        "Lambda reads a stream four times a second and then gives the function what it has read; MiniStack runs the function in "
        "the moment of the write, on the processors that the writer is still at work on."
    ),
    source="docs.aws.amazon.com/lambda/latest/dg/with-ddb.html, Polling and batching streams",
)
def streams_are_polled():
    global _read_to
    require(lambda_svc, "_esm_wake")
    if lambda_svc._poll_dynamodb_streams is not _poll:
        return  # The correction above is left out, and MiniStack polls in its own way.
    # A write starts no poll: each write of a transaction would have all sources polled during the transaction.
    replace_text(dynamodb, "_emit_stream_event", ("        esm_wake.set()\n", ""))
    _read_to = {}
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_read_again_and_again,), daemon=True, name="streams").start()


class _Trouble:
    """Failures of the batch at one position of a mapping."""

    def __init__(self, position: int):
        self.position = position
        self.attempts = 0
        self.batch_size: int | None = None


_trouble: dict[str, _Trouble] = {}
# End of each mapping's last poll of its stream; None where every batch is polled separately.
_read_to: dict[str, int] | None = None
_reading = threading.Lock()

_READ_SECONDS = 0.25


def _read_again_and_again() -> None:
    while True:
        time.sleep(_READ_SECONDS)
        try:
            if _poll(is_reading=True):
                lambda_svc._esm_wake.set()
        except Exception as error:
            lambda_svc.logger.error("The streams could not be read: %s", error)


def _poll(is_reading: bool = False) -> bool:
    """Begins a batch for each mapping that has records and none under way. True when one began."""
    began = False
    with _reading:
        for account, region, mapping in lambda_svc._iter_all_esms():
            with request_scope(account, region):
                began = _begin_batch(mapping, is_reading) or began
    return began


def _begin_batch(mapping: dict, is_reading: bool) -> bool:
    mapping_id = mapping["UUID"]
    if not mapping.get("Enabled", True) or lambda_svc._esm_inflight.get(mapping_id, 0):
        return False
    if lambda_svc._esm_backoff_until.get(mapping_id, 0) > time.time():
        return False
    table = _find_table(mapping.get("EventSourceArn", ""))
    function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    if table is None or function is None:
        return False
    position = _position(mapping, table)
    trouble = _trouble.get(mapping_id)
    size = mapping.get("BatchSize", 100)
    if trouble and trouble.position == position and trouble.batch_size:
        size = trouble.batch_size
    if _read_to is not None:
        if is_reading and position >= _read_to.get(mapping_id, 0):
            _read_to[mapping_id] = dynamodb.stream_end_position(table)
        size = min(size, max(0, _read_to.get(mapping_id, 0) - position))
    batch = dynamodb.stream_records_since(table, position, size)
    if not batch:
        return False
    records = lambda_svc._apply_filter_criteria(batch, mapping)
    if not records:
        _move_to(mapping, position + len(batch))
        return True
    lambda_svc._dispatch_esm_batch(mapping_id, _run_batch, mapping, function, position, batch, records)
    return True


def _find_table(stream_arn: str) -> str | None:
    try:
        spec = parse_arn(stream_arn)
    except ArnParseError:
        return None
    if (spec.service, spec.account_id, spec.region) != ("dynamodb", get_account_id(), get_region()):
        return None
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(spec)
    if found is None:
        return None
    table = dynamodb._tables.get(found[0])
    return found[0] if table and table.get("LatestStreamArn") == stream_arn else None


def _position(mapping: dict, table: str) -> int:
    horizon = dynamodb.stream_start_position(table)
    with lambda_svc._dynamodb_stream_positions_lock:
        positions = lambda_svc._dynamodb_stream_positions
        if mapping["UUID"] not in positions:
            from_start = mapping.get("StartingPosition", "LATEST") == "TRIM_HORIZON"
            positions[mapping["UUID"]] = horizon if from_start else dynamodb.stream_end_position(table)
        # Records that expired since are gone.
        positions[mapping["UUID"]] = max(positions[mapping["UUID"]], horizon)
        return positions[mapping["UUID"]]


def _move_to(mapping: dict, position: int) -> None:
    _trouble.pop(mapping["UUID"], None)
    with lambda_svc._dynamodb_stream_positions_lock:
        lambda_svc._dynamodb_stream_positions[mapping["UUID"]] = position


def _run_batch(mapping: dict, function: dict, position: int, batch: list, records: list) -> None:
    result = lambda_svc._execute_function(function, {"Records": records})
    if result.get("log"):
        lambda_svc.logger.info("ESM: Lambda %s output:\n%s", mapping["FunctionName"], result["log"])
    failed_at = 0 if result.get("error") else _first_reported_failure(mapping, result, batch)
    if failed_at is None:
        mapping["LastProcessingResult"] = f"OK - {len(records)} records"
        _move_to(mapping, position + len(batch))
        return
    mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
    lambda_svc.logger.warning("ESM: Lambda %s failed on its stream: %s", mapping["FunctionName"], result.get("body"))
    if failed_at > 0:
        _move_to(mapping, position + failed_at)
    _try_again(mapping, function, position + failed_at, batch[failed_at:], result)


def _first_reported_failure(mapping: dict, result: dict, batch: list) -> int | None:
    """Index of the lowest reported sequence number in the batch; records from there on are read again."""
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
        return None
    body = result.get("body")
    if isinstance(body, (str, bytes)):
        try:
            body = json.loads(body)
        except ValueError:
            return None
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    reported = {str(failure.get("itemIdentifier", "")) for failure in failures or []}
    if not reported:
        return None
    numbers = [str(record["dynamodb"]["SequenceNumber"]) for record in batch]
    places = [place for place, number in enumerate(numbers) if number in reported]
    # An identifier that is not of this batch fails all of it. [D:services-ddb-batchfailurereporting]
    return min(places) if places else 0


def _try_again(mapping: dict, function: dict, position: int, batch: list, result: dict) -> None:
    mapping_id = mapping["UUID"]
    trouble = _trouble.get(mapping_id)
    if trouble is None or trouble.position != position:
        trouble = _trouble[mapping_id] = _Trouble(position)
    trouble.attempts += 1
    if mapping.get("BisectBatchOnFunctionError") and len(batch) > 1:
        trouble.batch_size = len(batch) // 2
        return
    most = mapping.get("MaximumRetryAttempts", -1)
    if most is not None and 0 <= int(most) < trouble.attempts:
        lambda_svc._send_ddb_stream_failure_record(
            mapping, function, batch, mapping["EventSourceArn"], result, "RetryAttemptsExhausted"
        )
        _move_to(mapping, position + len(batch))
        return
    lambda_svc._esm_backoff_until[mapping_id] = time.time() + lambda_svc._ESM_BACKOFF_SECONDS
