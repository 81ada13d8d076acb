"""`strongroom run --isolate`: the proxy is reachable and nothing else is."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from strongroom.cli.isolation import SOCKET_VARIABLES, proxy_address, seen_from_inside
from tests.cli import hostile
from tests.cli.outside import Outside, listening
from tests.cli.shell import Shell
from tests.e2e.stage import ECHO_HOST, House, Upstream, running_upstream
from tests.needs import need, need_file, need_namespaces

VALUE = "a-value-that-no-isolated-child-may-hold"
SCRIPT = str(Path(hostile.__file__))
LOOK_AT_THE_PARENT = {"inherited", "environment_of_parent", "namespace_of_parent", "memory_of_parent"}
"""Ways by what the command was started with: for these it is started as people start it."""
ORDINARY = ("--reuid=65534", "--regid=65534", "--clear-groups")
READS_ALL = [f"--{caps}=-all,+dac_read_search" for caps in ("inh-caps", "ambient-caps", "bounding-set")]
"""May read root's files, and nothing else: for machines whose Python lies in root's home."""


@pytest.fixture(autouse=True)
def _possible() -> None:
    need_namespaces()


@pytest.fixture(scope="module")
def _stored(house: House) -> None:
    house.variable(house.vault("default"), "TOKEN", VALUE, [ECHO_HOST])


@pytest.fixture
def stocked(shell: Shell, _stored: None) -> Shell:
    return shell


@pytest.fixture(scope="module")
def upstream(authority: trustme.CA) -> Iterator[Upstream]:
    with running_upstream(authority) as running:
        yield running


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    with listening(tmp_path) as those:
        yield those


def curl(upstream: Upstream, *options: str) -> list[str]:
    line = f'curl -sS {" ".join(options)} -H "X-Key: $TOKEN" https://{ECHO_HOST}:{upstream.port}/'
    return ["sh", "-c", f"echo $TOKEN; exec {line}"]


def tries(shell: Shell, way: str, *arguments: str, isolate: tuple[str, ...] = ("--isolate",)) -> str | None:
    """Return what a hostile child got, or nothing if the way was closed to it."""
    words = ("run", "-q", *isolate, "--", sys.executable, SCRIPT, way, *arguments)
    if way in LOOK_AT_THE_PARENT:
        argv = shell.argv(*words)
        passed = [int(arguments[0])] if way == "inherited" else []
        done = subprocess.run(
            argv, capture_output=True, text=True, env=shell.environment(), cwd=shell.home, pass_fds=passed, timeout=60
        )
    else:
        done = shell.types(*words)
    assert done.returncode in {0, hostile.CLOSED}, done.stderr
    return done.stdout.strip() if done.returncode == 0 else None


def test_what_goes_through_the_proxy_arrives_with_the_secret_and_comes_back_without(
    stocked: Shell, upstream: Upstream
) -> None:
    need("curl")
    done = stocked.types("run", "-q", "--isolate", "--", *curl(upstream))
    assert done.returncode == 0, done.stderr
    assert upstream.seen[-1].headers["X-Key"] == VALUE
    placeholder, _, reply = done.stdout.partition("\n")
    assert json.loads(reply)["headers"]["X-Key"] == placeholder
    assert VALUE not in done.stdout


def test_a_child_that_unsets_its_proxy_variables_reaches_nothing(
    stocked: Shell, upstream: Upstream, house: House
) -> None:
    need("curl")
    count = len(upstream.seen)
    pinned = f"--insecure --resolve {ECHO_HOST}:{upstream.port}:127.0.0.1"
    bare = ["env", *(f"-u{name}" for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY"))]
    reached = stocked.types("run", "-q", "--", *bare, *curl(upstream, pinned))
    assert (reached.returncode, len(upstream.seen)) == (0, count + 1), "the test would not see it"
    done = stocked.types("run", "-q", "--isolate", "--", *bare, *curl(upstream, pinned))
    assert (done.returncode, len(upstream.seen)) == (7, count + 1), done
    assert tries(stocked, "tcp", "127.0.0.1", house.api.rpartition(":")[2]) is None


@pytest.mark.parametrize("way", ["tcp", "tcp6", "udp", "unix", "abstract", "datagrams", "inherited", "key"])
def test_what_a_child_could_reach_is_closed_to_an_isolated_one(stocked: Shell, outside: Outside, way: str) -> None:
    argv = {
        "tcp": ("tcp", "127.0.0.1", outside.tcp),
        "tcp6": ("tcp", "::1", outside.tcp6),
        "udp": ("udp", "127.0.0.1", outside.udp),
        "unix": ("unix", outside.unix),
        "abstract": ("unix", outside.abstract),
        "datagrams": ("datagram_pair", outside.datagrams),
        "inherited": ("inherited", str(outside.inheritable)),
        "key": ("environment_of_parent",),
    }[way]
    assert tries(stocked, *argv) is None
    assert tries(stocked, *argv, isolate=()) == hostile.GREETING, "the test would not see it"


@pytest.mark.parametrize(
    "argv",
    [
        ("tcp", "1.1.1.1", "443"),
        ("tcp", "2606:4700:4700::1111", "443"),
        ("tcp", "169.254.169.254", "80"),
        ("udp", "1.1.1.1", "53"),
        ("dns", "example.com"),
        ("raw", "127.0.0.1"),
        ("packets",),
        ("vsock",),
        ("io_uring",),
        ("rights",),
        ("namespace_of_parent",),
        ("memory_of_parent",),
    ],
    ids=" ".join,
)
def test_every_other_way_out_is_closed(stocked: Shell, argv: tuple[str, ...]) -> None:
    assert tries(stocked, *argv) is None


def test_there_is_no_interface_but_loopback(stocked: Shell) -> None:
    need_file("/proc/net/dev")
    done = stocked.types("run", "-q", "--isolate", "--", "cat", "/proc/net/dev", "/proc/net/route")
    assert [line.split(":")[0].strip() for line in done.stdout.splitlines() if ":" in line] == ["lo"]


def test_unix_sockets_are_let_in_on_request_and_the_rest_stays_closed(stocked: Shell, outside: Outside) -> None:
    asked = ("--isolate", "--unix-sockets")
    assert tries(stocked, "unix", outside.unix, isolate=asked) == hostile.GREETING
    for way in (("unix", outside.abstract), ("tcp", "127.0.0.1", outside.tcp), ("vsock",), ("rights",)):
        assert tries(stocked, *way, isolate=asked) is None
    assert "say that too" in stocked.misuses("run", "--unix-sockets", "--", "true")


def test_a_child_can_talk_to_itself(stocked: Shell) -> None:
    program = (
        "import socket, subprocess\n"
        "listener = socket.create_server(('::1', 0), family=socket.AF_INET6)\n"
        "with socket.create_connection(listener.getsockname()[:2]): pass\n"
        "with socket.socketpair()[0]: subprocess.run(['true'], check=True)\n"
        "print('talked')\n"
    )
    done = stocked.types("run", "-q", "--isolate", "--", sys.executable, "-c", program)
    assert done.stdout == "talked\n", done.stderr


def test_variables_and_identity_are_the_callers(stocked: Shell, house: House) -> None:
    program = (
        "import json, os; "
        "print(json.dumps({'env': dict(os.environ), 'ids': os.getresuid() + os.getresgid(), 'cwd': os.getcwd()}))"
    )
    named = dict.fromkeys(SOCKET_VARIABLES, "of the caller")
    done = stocked.types("run", "-q", "--isolate", "--", sys.executable, "-c", program, KEPT="as it was", **named)
    said = json.loads(done.stdout)
    assert said["ids"] == [os.getuid()] * 3 + [os.getgid()] * 3
    assert said["cwd"] == str(stocked.home)
    assert said["env"]["KEPT"] == "as it was"
    assert (said["env"]["NO_PROXY"], said["env"]["no_proxy"]) == ("", "")
    assert said["env"]["HTTPS_PROXY"].endswith(f"@{house.proxy}")
    assert not SOCKET_VARIABLES & said["env"].keys()
    assert "strongroom" not in " ".join(said["env"]).lower()


def test_what_lies_in_the_directory_is_not_taken_for_ours(stocked: Shell) -> None:
    for name in ("ctypes", "json", "strongroom"):
        (stocked.home / f"{name}.py").write_text("open('ran', 'w')\n")
    python, *words = stocked.argv("run", "-q", "--isolate", "--", "true")
    done = subprocess.run([python, "-P", *words], env=stocked.environment(), cwd=stocked.home, timeout=60)
    assert done.returncode == 0
    assert not (stocked.home / "ran").exists()


def test_an_ordinary_user_can_isolate_too(stocked: Shell, upstream: Upstream, house: House, outside: Outside) -> None:
    need("curl")
    lower = as_ordinary_user(stocked)
    environment = stocked.environment(STRONGROOM_API_KEY=house.key)

    def types(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [*lower, *stocked.argv("run", "-q", "--isolate", "--", *words)]
        return subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=60, cwd="/")

    done = types(*curl(upstream))
    assert done.returncode == 0, done.stderr
    assert upstream.seen[-1].headers["X-Key"] == VALUE
    assert types("curl", "-sS", "--noproxy", "*", f"http://127.0.0.1:{outside.tcp}/").returncode == 7
    user = 65534 if lower else os.getuid()
    assert types("id", "-u").stdout == f"{user}\n"
    assert set(types("sh", "-c", "grep ^Cap /proc/self/status | cut -f2 | sort -u").stdout.split()) == {"0" * 16}


def as_ordinary_user(shell: Shell) -> list[str]:
    """Return the words before a command that take root's rights from it."""
    if os.geteuid() != 0:
        return []
    lower = [need("setpriv"), *ORDINARY, "--"]
    program = f"import subprocess; subprocess.run({shell.argv('--version')}, check=True)"
    if subprocess.run([*lower, sys.executable, "-c", program], capture_output=True, cwd="/").returncode == 0:
        return lower
    return [*lower[:-1], *READS_ALL, "--"]


def test_where_the_kernel_forbids_it_one_sentence_says_so_and_nothing_was_started(stocked: Shell) -> None:
    need("unshare")
    before = stocked.json("session", "list", "--archived")
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    argv = ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh"]
    argv += stocked.argv("run", "--isolate", "--", "touch", "ran")
    done = subprocess.run(argv, capture_output=True, text=True, env=stocked.environment(), cwd=stocked.home)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("strongroom: --isolate is not possible: ")
    assert "user.max_user_namespaces is 0" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (stocked.home / "ran").exists()
    assert stocked.json("session", "list", "--archived") == before


def test_the_relay_leads_to_a_proxy_elsewhere_by_loopback() -> None:
    outside = "http://strongroom:srt_1@proxy.example.test:8701"
    egress = {"proxy_url": outside, "env": {"HTTPS_PROXY": outside, "NO_PROXY": "localhost", "TOKEN": "srp_1"}}
    inside = "http://strongroom:srt_1@127.0.0.1:8701"
    env = seen_from_inside(egress)["env"]
    assert env == {"HTTPS_PROXY": inside, "NO_PROXY": "", "no_proxy": "", "TOKEN": "srp_1"}
    assert proxy_address(egress) == ("proxy.example.test", 8701)
    assert proxy_address({"proxy_url": "http://s:t@[::1]:8701"}) == ("::1", 8701)


def test_a_child_that_ends_takes_its_connections_and_its_port_with_it(stocked: Shell, house: House) -> None:
    """A grandchild that outlives it has nothing to go through any more."""
    program = (
        "import os, socket, sys\n"
        "address = ('127.0.0.1', int(sys.argv[1]))\n"
        "connected = socket.create_connection(address)\n"
        "if os.fork():\n"
        "    os._exit(0)\n"
        "try:\n"
        "    print('over' if connected.recv(1) == b'' else 'alive', flush=True)\n"
        "except ConnectionResetError:\n"
        "    print('over', flush=True)\n"  # an end or a reset: it depends on how far the relay had come
        "try:\n"
        "    socket.create_connection(address)\n"
        "except ConnectionRefusedError:\n"
        "    print('refused', flush=True)\n"
    )
    port = house.proxy.rpartition(":")[2]
    done = stocked.types("run", "-q", "--isolate", "--", sys.executable, "-c", program, port)
    assert (done.returncode, done.stdout) == (0, "over\nrefused\n"), done.stderr
    assert done.stderr == ""
    socket.create_connection(("127.0.0.1", int(port))).close()  # the proxy itself goes on
