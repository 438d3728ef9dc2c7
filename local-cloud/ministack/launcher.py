"""Starts MiniStack with the corrections and endpoints of this folder, on a port of its own, for as long as its parent lives.

Settings come from the environment: GATEWAY_PORT is the port that MiniStack gives out in URLs, LAUNCHER_SECRET opens the
endpoints, LAUNCHER_SCRATCH is the folder for temporary files, LAUNCHER_LEAVE_OUT names corrections to leave out (tests ask so
whether one is still needed).
Prints {"port": n} when it listens. Ends, with everything that it started, when its standard input closes.
"""

import gc
import json
import os
import shutil
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main() -> None:
    _end_with_parent()
    # The socket listens before MiniStack is imported: early connections wait instead of being refused.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(os.environ.get("LAUNCHER_PORT", "0"))))
    listener.listen(256)
    port = listener.getsockname()[1]
    secret = os.environ.pop("LAUNCHER_SECRET")
    # Requests, rules, queues and streams are threads of one interpreter: a thread that is ready does not wait 5 ms for the running one.
    sys.setswitchinterval(0.0005)
    # Requests leave next to no cycles behind: looking for them each time would hold up requests for tens of milliseconds.
    gc.set_threshold(20_000, 50, 100)

    import uvicorn
    from ministack import app as ministack

    import corrections
    import event_faults
    import internal

    left_out = set(filter(None, os.environ.pop("LAUNCHER_LEAVE_OUT", "").split(",")))
    try:
        corrections.apply_all(left_out)
    except corrections.CorrectionDoesNotFit as failure:
        sys.exit(str(failure))
    event_faults.event_faults.install()

    # MiniStack's own choice, Hypercorn, parses HTTP in Python, which takes as long as the rest of a call.
    config = uvicorn.Config(
        internal.with_launcher_endpoints(ministack.app, secret),
        http="httptools",
        loop="uvloop",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        # The gateway keeps its connections; closing one at the moment of its reuse would look like an injected fault.
        timeout_keep_alive=86_400,
        timeout_graceful_shutdown=1,
    )
    print(json.dumps({"port": port}), flush=True)
    uvicorn.Server(config).run(sockets=[listener])


def _end_with_parent() -> None:
    """Ends the whole process group, Lambda workers included, when the parent closes the standard input or dies."""

    def wait_for_end():
        try:
            while os.read(0, 4096):
                pass
        finally:
            shutil.rmtree(os.environ["LAUNCHER_SCRATCH"], ignore_errors=True)
            os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait_for_end, daemon=True, name="launcher-parent").start()


if __name__ == "__main__":
    main()
