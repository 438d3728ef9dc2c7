"""Lambda: errors of handlers, and the time that an invocation takes."""

import hashlib
import os
import shutil
import tempfile
import zipfile

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from .support import correction, replace_in_string, replace_text, require

# Printed by the worker on stderr before its answer, so that the logs of an invocation are known to be complete.
_END_OF_LOGS = "\\u0001end-of-logs"


@correction(
    fact="errorType is the name of the error that the handler threw, so that Catch and Retry match it.",
    source="docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html",
)
def errors_keep_their_name():
    replace_in_string(
        lambda_runtime,
        "_NODEJS_WORKER_SCRIPT",
        (
            'status: "error", error: String(err.message || err), trace: err.stack || ""',
            'status: "error", type: err.name || "Error", error: String(err.message || err), trace: err.stack || ""',
        ),
        (
            'status: "error", error: e.message, trace: e.stack',
            'status: "error", type: e.name || "Error", error: e.message, trace: e.stack',
        ),
    )
    replace_text(
        lambda_svc,
        "_execute_function_warm",
        ('error_type = "Runtime.HandlerError"', 'error_type = result.get("type") or "Runtime.HandlerError"'),
    )


@correction(
    fact="A function whose process ends in the middle of an invocation fails with Runtime.ExitError.",
    source="docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html",
)
def crashes_are_exit_errors():
    replace_text(
        lambda_svc,
        "_execute_function_warm",
        (
            "            error_msg = result.get(\"error\", \"Unknown error\")\n",
            "            error_msg = result.get(\"error\", \"Unknown error\")\n"
            "            if error_msg == \"Worker process died\":\n"
            "                result[\"type\"] = \"Runtime.ExitError\"\n"
            "                error_msg = f\"RequestId: {request_id} Error: Runtime exited with error: signal: killed\"\n",
        ),
    )


@correction(
    fact="An execution environment whose handler threw is used again; only a crash or a time-out ends it.",
    source="docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
)
def environments_survive_errors():
    replace_text(
        lambda_runtime,
        "Worker.invoke",
        (
            '        if response.get("status") == "error":\n',
            '        if response.get("status") == "error" and "type" not in response:\n',
        ),
    )


@correction(
    fact="An invocation answers when its handler does; MiniStack waits up to 50 ms for log lines that may not come.",
    source="docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
)
def invocations_answer_at_once():
    replace_in_string(
        lambda_runtime,
        "_NODEJS_WORKER_SCRIPT",
        (
            "        settled = true;\n        if (err) {",
            f'        settled = true;\n        fs.writeSync(2, "{_END_OF_LOGS}\\n");\n        if (err) {{',
        ),
    )
    lambda_runtime._END_OF_LOGS = _END_OF_LOGS.encode().decode("unicode_escape")
    replace_text(
        lambda_runtime,
        "Worker._drain_stderr_bounded",
        (
            "            lines.append(self._stderr_queue.get_nowait())\n",
            "            line = self._stderr_queue.get(timeout=0.001)\n"
            "            if line == _END_OF_LOGS:\n"
            "                break\n"
            "            lines.append(line)\n",
        ),
        ("            time.sleep(0.001)\n", ""),
    )


@correction(
    fact=(
        "Lambda waits at a queue by long polling, so a message that comes starts its batch at once; MiniStack rests 50 ms when "
        "it was woken before for something else."
    ),
    source="docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
)
def queues_are_long_polled():
    require(lambda_svc, "_ESM_IDLE_WAKE_GAP_SECONDS")
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0


@correction(
    fact=(
        "All environments of a function read the same code at the same path, and start within some 200 ms; "
        "MiniStack unpacks it for each, at a path of its own, which keeps Node.js from using what it compiled before."
    ),
    source="docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
)
def environments_share_their_code():
    lambda_runtime._unpacked_code = _unpacked_code
    replace_text(
        lambda_runtime,
        "Worker._spawn",
        (
            '    code_dir = os.path.join(self._tmpdir, "code")\n    os.makedirs(code_dir)\n',
            "    code_dir = _unpacked_code(self.code_zip) if not self.config.get('Layers') "
            'else os.path.join(self._tmpdir, "code")\n',
        ),
        (
            '    with zipfile.ZipFile(os.path.join(self._tmpdir, "code.zip")) as zf:\n        zf.extractall(code_dir)\n',
            "    if not os.path.isdir(code_dir):\n"
            '        with zipfile.ZipFile(os.path.join(self._tmpdir, "code.zip")) as zf:\n'
            "            zf.extractall(code_dir)\n",
        ),
    )
    # Node.js writes its compile cache when it ends, which a worker does not do by itself.
    replace_in_string(
        lambda_runtime,
        "_NODEJS_WORKER_SCRIPT",
        (
            '        _realStdoutWrite(JSON.stringify({ status: "ready", cold: true }) + "\\n");\n',
            '        _realStdoutWrite(JSON.stringify({ status: "ready", cold: true }) + "\\n");\n'
            "        setTimeout(() => { try { Module.flushCompileCache(); } catch (_) {} }, 1000).unref();\n",
        ),
    )


def _unpacked_code(code_zip: bytes) -> str:
    """The folder of the code, unpacked when it is first asked for."""
    functions = os.environ.get("LAUNCHER_FUNCTIONS_FOLDER", tempfile.gettempdir())
    folder = os.path.join(functions, hashlib.sha256(code_zip).hexdigest()[:32])
    if os.path.isdir(folder):
        os.utime(folder)
        return folder
    making = tempfile.mkdtemp(prefix="unpacking-", dir=functions)
    archive = os.path.join(making, "code.zip")
    with open(archive, "wb") as file:
        file.write(code_zip)
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(os.path.join(making, "code"))
    try:
        os.rename(os.path.join(making, "code"), folder)
    except OSError:
        pass  # Another environment of the function was quicker.
    shutil.rmtree(making, ignore_errors=True)
    return folder
