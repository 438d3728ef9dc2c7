"""Lambda workers: started ahead of time, or killed in the middle of a call."""

import os
from concurrent.futures import ThreadPoolExecutor

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from answers import NotFound


def warm(request: dict) -> dict:
    """Starts an environment of each function that has none, so that a measurement does not include cold starts."""
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


def crash(request: dict) -> dict:
    """Ends the Lambda worker that holds the client side of a connection to the gateway, in the middle of its work."""
    inodes = _find_sockets(request["port"])
    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool if worker._proc is not None]
    for worker in workers:
        if _open_sockets(worker._proc.pid) & inodes:
            worker._proc.kill()
            return {"function": worker.func_name}
    raise NotFound("No function holds that connection.")


def _find_sockets(port: int) -> set[str]:
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
