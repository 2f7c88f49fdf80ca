"""The web service's floors: python -m tests.benchmarks.bench_web [--seconds S]

Needs wrk for the first lines. The server runs on one core (the last), the clients on the others.
"Per second of one core" divides by the server's own processor time, since other work on the machine
lowers what the clock shows; a bare Flask application under the same server is measured in the same
run.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from contract.features import DEFAULT_MODEL_NAME, FEATURE_NAMES
from tests.inference.support import factory
from tests.inference.support.kinesis import encoded
from tests.inference.support.server import running

BARE = """
from flask import Flask, Response, request
import waitress
app = Flask("bare")
@app.post("/predict")
def predict():
    return Response(b'{"length":%d}' % len(request.get_data()), mimetype="application/json")
server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4, ident=None)
print(f"http://127.0.0.1:{server.effective_port}", flush=True)
server.run()
"""
CONNECTIONS = 8
LIST = 1_000
ROWS = 100_000
ROW = "2,19.83,7,1,2,0,0,1,0"


class Line(NamedTuple):
    """One line of the result: what, how much, the floor, and whether it is met (None: no floor)."""

    name: str
    value: str
    floor: str = ""
    met: bool | None = None


class Load(NamedTuple):
    """What wrk saw, and the requests per second of the server's processor time."""

    per_second: float
    p50_ms: float
    p99_ms: float
    per_cpu_second: float


def cpu_seconds(port: int) -> float:
    """Return the processor time of the process that listens on ``port``."""
    inode = None
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        fields = line.split()
        if int(fields[1].split(":")[1], 16) == port and fields[3] == "0A":
            inode = f"socket:[{fields[9]}]"
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == inode:
                fields = (link.parents[1] / "stat").read_text("ascii").rsplit(")", 1)[1].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    raise RuntimeError(f"nobody listens on {port}")


def load(address: str, connections: int, seconds: int, script: Path) -> Load:
    """Run wrk with keep-alive against POST /predict."""
    port = urlsplit(address).port or 0
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"-s{script}"]
    before = cpu_seconds(port)
    out = subprocess.run(
        [*pinned(clients()), *command, f"{address}/predict"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    used = cpu_seconds(port) - before
    if "Non-2xx" in out:
        raise RuntimeError(out)
    count = int(found(r"(\d+) requests in", out)[1])
    return Load(
        float(found(r"Requests/sec:\s+([\d.]+)", out)[1]),
        milliseconds(found(r"50%\s+([\d.]+)(us|ms|s)", out)),
        milliseconds(found(r"99%\s+([\d.]+)(us|ms|s)", out)),
        count / used,
    )


def found(pattern: str, text: str) -> re.Match[str]:
    """Return the first match; it must be there."""
    match = re.search(pattern, text)
    assert match is not None, text
    return match


def milliseconds(match: re.Match[str]) -> float:
    """Return wrk's time in milliseconds."""
    return float(match[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[match[2]]


def server_core() -> int:
    """Return the core the servers run on."""
    return max(os.sched_getaffinity(0))


def clients() -> set[int]:
    """Return the cores the clients run on."""
    cores = os.sched_getaffinity(0)
    return cores - {max(cores)} or cores


def pinned(cores: set[int]) -> tuple[str, ...]:
    """Return what to put before a command to keep it on ``cores``."""
    return ("taskset", "-c", ",".join(map(str, sorted(cores))))


@contextmanager
def bare() -> Iterator[str]:
    """Run a Flask application that does nothing, under the same server."""
    command = [*pinned({server_core()}), sys.executable, "-c", BARE]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def timed(address: str, path: str, body: bytes, kind: str, times: int) -> float:
    """Return the median seconds of one POST, on a connection kept alive."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
    took = []
    for _ in range(times):
        started = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": kind})
        response = connection.getresponse()
        response.read()
        took.append(time.perf_counter() - started)
        assert response.status == 200
    connection.close()
    return statistics.median(took)


def first_load(address: str) -> int:
    """Return the bytes of the page and of all it loads, headers left out."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)

    def get(path: str) -> str:
        connection.request("GET", path)
        return connection.getresponse().read().decode()

    page = get("/")
    total, seen = len(page.encode()), set()
    wanted = set(re.findall(r"/static/\w+/[\w.]+\.(?:css|js|svg)", page))
    while wanted - seen:
        path = (wanted - seen).pop()
        seen.add(path)
        text = get(path)
        total += len(text.encode())
        folder = path.rsplit("/", 1)[0]
        wanted |= {f"{folder}/{name}" for name in re.findall(r'from "\./([\w.]+)"', text)}
    return total


def single(address: str, seconds: int, folder: Path) -> Iterator[Line]:
    """Measure POST /predict of one record."""
    if shutil.which("wrk") is None:
        yield Line("POST /predict, one record", "not measured: wrk is not installed")
        return
    script = folder / "post.lua"
    script.write_text(
        f"wrk.method='POST'\nwrk.body='{encoded().decode()}'\n"
        "wrk.headers['Content-Type']='application/json'\n",
        "ascii",
    )
    with bare() as nothing:
        reference = load(nothing, CONNECTIONS, seconds, script)
    one = load(address, 1, seconds, script)
    many = load(address, CONNECTIONS, seconds, script)
    yield Line("one record, 1 connection: p50", f"{one.p50_ms:.2f} ms", "<= 3 ms", one.p50_ms <= 3)
    yield Line("one record, 1 connection: p99", f"{one.p99_ms:.2f} ms")
    core = many.per_cpu_second
    yield Line("one record: per second of one core", f"{core:,.0f}", ">= 1,500", core >= 1500)
    yield Line("one record: per second by the clock", f"{many.per_second:,.0f}")
    yield Line("a bare Flask application, of one core", f"{reference.per_cpu_second:,.0f}")
    yield Line("ratio to the bare one", f"{many.per_cpu_second / reference.per_cpu_second:.2f}")


def measure(seconds: int) -> Iterator[Line]:
    """Yield the lines of the result as they are measured."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        factory.publish(folder / "models" / DEFAULT_MODEL_NAME, "1")
        with running(
            folder / "web.log", pinned({server_core()}), MODEL_LOCATION=name, LOG_LEVEL="INFO"
        ) as address:
            yield from single(address, seconds, folder)
            listed = b"[" + b",".join(encoded(number) for number in range(LIST)) + b"]"
            took = timed(address, "/predict", listed, "application/json", 30)
            yield Line("a list of 1,000, median", f"{took * 1e3:.1f} ms", "<= 15 ms", took <= 0.015)
            header = ",".join(("StudentID", *FEATURE_NAMES))
            table = "\n".join([header, *(f"{number},{ROW}" for number in range(ROWS))]).encode()
            took = timed(address, "/predict/csv", table, "text/csv", 3)
            yield Line("a CSV of 100,000 students, median", f"{took:.2f} s", "<= 5 s", took <= 5)
            size = first_load(address)
            yield Line(
                "the page's first load", f"{size / 1000:.0f} kB", "<= 150 kB", size <= 150_000
            )


def main(arguments: list[str] | None = None, write: Callable[[str], object] = print) -> int:
    """Measure and print; the status is 1 when a floor is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="of each wrk run")
    options = parser.parse_args(arguments)
    missed = False
    for line in measure(options.seconds):
        verdict = "" if line.met is None else "ok" if line.met else "MISSED"
        write(f"{line.name:<42} {line.value:>12}   {line.floor:<10} {verdict}")
        missed = missed or line.met is False
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
