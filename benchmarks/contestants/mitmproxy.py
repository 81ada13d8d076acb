"""mitmproxy with an addon of a few lines: what people build when they need this and have nothing else."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contestants.contestant import Contestant
from benchmarks.load.job import Route
from benchmarks.place import HOST, Place
from benchmarks.processes import ROOT, BenchmarkFailed, Child, environment, running

NAME = "mitmproxy"
MITMDUMP = ROOT / ".venv-bench" / "bin" / "mitmdump"
ADDON = Path(__file__).with_name("mitmproxy_addon.py")
PLACEHOLDER = "PLACEHOLDER_BENCH"
PATIENCE = 30.0
"""Seconds that it has to listen."""


@contextmanager
def mitmproxy(place: Place, mitmdump: Path = MITMDUMP) -> Iterator[Contestant]:
    """Start mitmdump with a fresh authority of its own."""
    scratch = place.directory(NAME)
    port = _free_port()
    options = {
        "confdir": str(scratch),
        "ssl_verify_upstream_trusted_ca": str(place.certificates.authority),
        "flow_detail": "0",
        "connection_strategy": "lazy",
        "stream_large_bodies": "1m",  # else it would hold the 100 MB in memory, and nobody runs it like that
    }
    command = [str(mitmdump), "-q", "--listen-host", "127.0.0.1", "-p", str(port), "-s", str(ADDON)]
    for option, value in options.items():
        command += ["--set", f"{option}={value}"]
    variables = {"BENCH_HOST": HOST, "BENCH_PLACEHOLDER": PLACEHOLDER, "BENCH_SECRET": place.secret}
    with running(command, scratch=scratch, cores=place.cores.measured, variables=variables) as child:
        _wait_until_it_listens(child, port)
        yield Contestant(
            name=NAME,
            version=_version(mitmdump, scratch),
            route=Route(
                host="127.0.0.1",
                port=port,
                tunnel=place.authority,
                tls_name=HOST,
                ca_file=str(scratch / "mitmproxy-ca-cert.pem"),
            ),
            authorization=f"Bearer {PLACEHOLDER}",
            child=child,
        )


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def _wait_until_it_listens(child: Child, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and child.process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)  # it says nothing when it is ready
        else:
            return
    raise BenchmarkFailed(f"mitmdump does not listen:\n{child.last_words()}")


def _version(mitmdump: Path, home: Path) -> str:
    asked = subprocess.run(
        [mitmdump, "--version"], capture_output=True, text=True, check=True, env=environment(home), cwd=home
    )
    return asked.stdout.partition("\n")[0].removeprefix("Mitmproxy: ")
