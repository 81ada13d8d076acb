"""`strongroom run`: what the child gets, and what comes back from it."""

import json
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.shell import Shell
from tests.e2e.stage import House
from tests.needs import need_file

VALUE = "a-value-that-no-child-may-hold"
DUMP = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.fixture(scope="module")
def _stored(house: House) -> None:
    house.variable(house.vault("default"), "TOKEN", VALUE, ["a.test"])


@pytest.fixture
def stocked(shell: Shell, _stored: None) -> Shell:
    """A shell whose server keeps one credential, TOKEN."""
    return shell


def dumped(shell: Shell, run: tuple[str, ...], **variables: str) -> dict[str, Any]:
    done = shell.types(*run, "--", sys.executable, "-c", DUMP, **variables)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def ended(shell: Shell, said: str) -> bool:
    found = re.search(r"sesn_\w+", said)
    assert found, said
    return bool(shell.json("session", "show", found[0])["status"] == "terminated")


def test_the_child_holds_a_placeholder_and_no_key_of_ours(stocked: Shell, house: House, run: tuple[str, ...]) -> None:
    ours = {"STRONGROOM_API_KEY": house.key, "STRONGROOM_ADMIN_KEY": "x" * 20, "STRONGROOM_ROOT_PASSPHRASE": "y"}
    environment = dumped(stocked, run, TOKEN="what the caller had", KEPT="as it was", **ours)
    assert environment["TOKEN"].startswith("srp_")
    assert environment["KEPT"] == "as it was"
    assert not [name for name in environment if name.startswith("STRONGROOM_")]
    text = json.dumps(environment)
    assert VALUE not in text
    assert house.key not in text
    assert re.fullmatch(rf"http://strongroom:srt_\w+@{house.proxy}", environment["HTTPS_PROXY"])


def test_the_certificates_are_the_callers_and_ours_and_gone_afterwards(
    stocked: Shell, house: House, tmp_path: Path, run: tuple[str, ...]
) -> None:
    roots = tmp_path / "company.pem"
    roots.write_bytes((house.data_dir.parent / "upstream-roots.pem").read_bytes() + b"-----BEGIN PRIVATE KEY-----\n")
    read = "import os; name = os.environ['SSL_CERT_FILE']; print(name); print(open(name).read())"
    done = stocked.types(*run, "--", sys.executable, "-c", read, SSL_CERT_FILE=str(roots), NODE_EXTRA_CA_CERTS="/no")
    name, _, text = done.stdout.partition("\n")
    assert not Path(name).exists()
    assert "PRIVATE KEY" not in text
    assert (house.data_dir / "ca.pem").read_text().strip() in text
    assert text.count("BEGIN CERTIFICATE") == 2
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=text)


def test_every_variable_that_names_certificates_names_the_childs_own_file(
    stocked: Shell, house: House, run: tuple[str, ...]
) -> None:
    environment = dumped(stocked, run)
    named = {environment[name] for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO")}
    assert len(named) == 1
    assert str(house.data_dir) not in json.dumps(environment)


def test_what_is_set_for_wget_and_java_is_kept_and_ours_comes_after_it(stocked: Shell, run: tuple[str, ...]) -> None:
    (stocked.home / ".wgetrc").write_text("tries = 3")
    read = "import os; print(open(os.environ['WGETRC']).read()); print(os.environ['JAVA_TOOL_OPTIONS'])"
    done = stocked.types(*run, "--", sys.executable, "-c", read, JAVA_TOOL_OPTIONS="-Xmx1g")
    assert done.returncode == 0, done.stderr
    kept, ours, _, options, _ = done.stdout.split("\n")
    assert (kept, ours.split(" = ")[0]) == ("tries = 3", "ca_certificate")
    assert options.startswith("-Xmx1g -D")
    other = stocked.home / "settings"
    other.write_text("tries = 4")
    done = stocked.types(*run, "--", sys.executable, "-c", read, WGETRC=str(other))
    assert done.stdout.startswith("tries = 4\nca_certificate = ")


def test_java_is_led_to_the_same_proxy_as_all_others(stocked: Shell, run: tuple[str, ...]) -> None:
    environment = dumped(stocked, run)
    proxy = urlsplit(environment["HTTPS_PROXY"])
    options = environment["JAVA_TOOL_OPTIONS"].split()
    assert {f"-Dhttps.proxyHost={proxy.hostname}", f"-Dhttps.proxyPort={proxy.port}"} <= set(options)
    folder = Path(environment["SSL_CERT_FILE"]).parent
    assert f"-Djavax.net.ssl.trustStore={folder / 'ca-bundle.p12'}" in options


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)]
)
def test_the_childs_exit_code_is_ours_and_the_session_ends(
    stocked: Shell, script: str, code: int, run: tuple[str, ...]
) -> None:
    done = stocked.types(*run, "--", "sh", "-c", script)
    assert (done.returncode, done.stdout) == (code, "")
    assert ended(stocked, done.stderr)


def test_a_command_that_is_not_there_or_no_program_ends_as_in_a_shell(stocked: Shell, run: tuple[str, ...]) -> None:
    missing = stocked.types(*run, "--", "no-such-command")
    assert missing.returncode == 127
    assert "no-such-command: command not found" in missing.stderr
    assert ended(stocked, missing.stderr)
    text = stocked.home / "text"
    text.write_text("hello")
    refused = stocked.types(*run, "--", str(text))
    assert refused.returncode == 126
    assert "cannot be run" in refused.stderr
    assert ended(stocked, refused.stderr)


def test_input_and_output_are_the_childs_and_nothing_is_added(stocked: Shell, run: tuple[str, ...]) -> None:
    done = stocked.types(*run, "--quiet", "--", "cat", stdin="through")
    assert (done.returncode, done.stdout, done.stderr) == (0, "through", "")
    done = stocked.types(*run, "cat", stdin="through")
    assert re.fullmatch(r"strongroom: 1 placeholder, session sesn_\w+\n", done.stderr)


def test_options_of_the_child_are_the_childs(stocked: Shell, run: tuple[str, ...]) -> None:
    done = stocked.types(*run, "-q", "printf", "%s\n", "--json", "--help", "-q")
    assert done.stdout == "--json\n--help\n-q\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1])
def test_a_signal_that_is_sent_to_us_reaches_the_child(
    stocked: Shell, number: signal.Signals, run: tuple[str, ...]
) -> None:
    script = (
        "import signal, sys\n"
        f"signal.pthread_sigmask(signal.SIG_BLOCK, [{int(number)}])\n"
        "print('ready', flush=True)\n"
        f"signal.sigwait([{int(number)}])\n"
        "print('got it', flush=True)\n"
        "sys.exit(42)\n"
    )
    with started(stocked, *run, "--", sys.executable, "-c", script) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(number)
        out, said = running.communicate(timeout=30)
    assert (running.returncode, out) == (42, "got it\n")
    assert ended(stocked, said)


def test_when_we_are_told_to_stop_the_child_stops_and_the_session_ends(stocked: Shell, run: tuple[str, ...]) -> None:
    with started(stocked, *run, "--", "sh", "-c", "echo ready; exec sleep 60") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.terminate()
        _, said = running.communicate(timeout=30)
    assert running.returncode == 143
    assert ended(stocked, said)


def masks(status: str) -> dict[str, int]:
    """Read signal masks from `/proc/self/status`, but for 32 and 33, which are the C library's own."""
    lines = (line.partition(":\t") for line in status.splitlines())
    return {name: int(mask, 16) & ~(0b11 << 31) for name, _, mask in lines}


def test_the_child_starts_with_the_signals_that_it_would_have_without_us(stocked: Shell, run: tuple[str, ...]) -> None:
    need_file("/proc/self/status")
    look = ["sh", "-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status"]
    # Whoever runs the tests may ignore some, as nohup does.
    without = masks(subprocess.run(look, capture_output=True, text=True).stdout)
    assert without.keys() == {"SigBlk", "SigIgn"}
    assert masks(stocked.types(*run, "-q", "--", *look).stdout) == without


def test_the_session_is_named_after_the_command_or_as_asked(stocked: Shell, run: tuple[str, ...]) -> None:
    for words, title in ((("--", "true"), "true"), (("--name", "nightly", "--", "true"), "nightly")):
        said = stocked.types(*run, *words).stderr
        found = re.search(r"sesn_\w+", said)
        assert found
        assert stocked.json("session", "show", found[0])["title"] == title


def test_vaults_and_environment_are_those_that_were_named(stocked: Shell, run: tuple[str, ...]) -> None:
    empty, closed = f"empty {run}", f"closed {run}"
    vault = stocked.json("vault", "create", empty)["id"]
    environment = stocked.json("environment", "create", closed, "--limited")["id"]
    said = stocked.types(*run, "--vault", empty, "--environment", closed, "--", "true").stderr
    found = re.search(r"sesn_\w+", said)
    assert found
    session = stocked.json("session", "show", found[0])
    assert (session["vault_ids"], session["environment_id"]) == ([vault], environment)


def test_nothing_runs_without_a_session(lonely: Shell, run: tuple[str, ...]) -> None:
    said = lonely.fails(*run, "--", "sh", "-c", "echo ran", STRONGROOM_API_KEY="srk_x")
    assert "no server answers" in said


def test_no_secret_is_in_a_command_line(stocked: Shell, run: tuple[str, ...]) -> None:
    need_file("/proc/self/cmdline")
    with started(stocked, *run, "--", "sh", "-c", "echo ready; exec sleep 60") as running:
        assert running.stdout is not None
        running.stdout.readline()
        seen = [Path(f"/proc/{running.pid}/cmdline").read_text()]
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        seen += [Path(f"/proc/{child}/cmdline").read_text() for child in children]
        running.terminate()
        running.communicate(timeout=30)
    assert children
    assert not [text for text in seen if VALUE in text or "srk_" in text or "srt_" in text or "srp_" in text]


def started(shell: Shell, *words: str, more: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    environment = shell.environment(**(more or {}))
    return subprocess.Popen(shell.argv(*words), stdout=pipe, stderr=pipe, text=True, env=environment)
