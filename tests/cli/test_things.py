"""Vaults, environments, credentials, sessions, keys and organizations, typed against a running server."""

import json
import os
import pty
from itertools import count
from pathlib import Path

import pytest
import trustme

from tests.cli.shell import Shell
from tests.e2e.stage import House, running_house
from tests.needs import need_file

VALUE = "a-value-that-is-never-shown"
_numbers = count(1)


@pytest.fixture
def vault(shell: Shell) -> str:
    """The name of a fresh vault."""
    name = f"vault {next(_numbers)}"
    shell.json("vault", "create", name)
    return name


def test_a_vault_from_beginning_to_end(shell: Shell) -> None:
    made = shell.json("vault", "create", "customer 1", "--metadata", "plan=pro", "--metadata", "url=a=b")
    assert (made["display_name"], made["metadata"]) == ("customer 1", {"plan": "pro", "url": "a=b"})
    seen = made | {"purpose": "general"}
    assert seen in shell.json("vault", "list")
    assert shell.json("vault", "show", "customer 1") == shell.json("vault", "show", made["id"]) == seen
    archived = shell.json("vault", "archive", "customer 1")
    assert archived["archived_at"] is not None
    assert made["id"] not in {vault["id"] for vault in shell.json("vault", "list")}
    assert archived | {"purpose": "general"} in shell.json("vault", "list", "--archived")
    assert shell.json("vault", "delete", "customer 1", "--yes")["id"] == made["id"]
    assert "there is no vault customer 1" in shell.fails("vault", "show", "customer 1")


def test_a_name_that_two_vaults_have_is_refused_with_their_ids(shell: Shell) -> None:
    ids = [shell.json("vault", "create", "twin")["id"] for _ in range(2)]
    said = shell.fails("vault", "show", "twin")
    assert all(id_ in said for id_ in ids)
    assert shell.json("vault", "show", ids[0])["id"] == ids[0]


def test_nothing_is_deleted_where_nobody_can_be_asked(shell: Shell, vault: str) -> None:
    assert "--yes" in shell.misuses("vault", "delete", vault)
    assert shell.json("vault", "show", vault)


def test_people_see_a_table_that_is_never_cut_in_a_pipe(shell: Shell) -> None:
    name = "x" * 200
    made = shell.json("vault", "create", name)
    (line,) = [line for line in shell.gets("vault", "list").splitlines() if made["id"] in line]
    assert name in line


def test_a_name_cannot_steer_the_terminal(shell: Shell) -> None:
    made = shell.json("vault", "create", "evil\x1b]0;title\x07\x1b[31m[bold]")
    for said in (shell.gets("vault", "list"), shell.gets("vault", "show", made["id"])):
        assert "\x1b" not in said
        assert "[bold]" in said
    shell.json("vault", "delete", made["id"], "--yes")


def test_an_environment_denies_what_is_not_listed_as_soon_as_something_is(shell: Shell) -> None:
    opened = shell.json("environment", "create", "open")
    assert opened["config"]["networking"] == {"type": "unrestricted"}
    made = shell.json("environment", "create", "ci", "--host", "a.test", "--host", "*.b.test", "--allow-mcp-servers")
    assert made["config"]["networking"] == {
        "type": "limited",
        "allowed_hosts": ["a.test", "*.b.test"],
        "allow_mcp_servers": True,
        "allow_package_managers": False,
    }
    closed = shell.json("environment", "create", "closed", "--limited")
    assert closed["config"]["networking"]["allowed_hosts"] == []
    assert shell.json("environment", "show", "ci") == made
    assert made in shell.json("environment", "list")


def test_an_environment_can_ask_for_strays_to_be_refused_and_change_its_mind(shell: Shell) -> None:
    made = shell.json("environment", "create", "strict", "--host", "a.test", "--stray-placeholders", "refuse")
    assert made["stray_placeholders"] == "refuse"
    assert "refuse" in shell.gets("environment", "show", "strict")
    changed = shell.json("environment", "update", "strict", "--stray-placeholders", "report", "--allow-mcp-servers")
    assert changed["stray_placeholders"] == "report"
    assert changed["config"]["networking"] == {
        "type": "limited",
        "allowed_hosts": ["a.test"],
        "allow_mcp_servers": True,
        "allow_package_managers": False,
    }
    opened = shell.json("environment", "update", "strict", "--unrestricted", "--name", "lax", "--description", "d")
    assert (opened["name"], opened["description"]) == ("lax", "d")
    assert opened["config"]["networking"] == {"type": "unrestricted"}
    assert shell.json("environment", "show", "lax") == opened
    assert "--unrestricted" in shell.misuses("environment", "update", "lax", "--unrestricted", "--host", "a.test")
    assert "--host" in shell.fails("environment", "update", "lax", "--host", "a b")


def test_a_credential_from_beginning_to_end(shell: Shell, vault: str) -> None:
    add = ("credential", "add", "TOKEN", "--vault", vault, "--host", "a.test", "--no-body", "--value-stdin")
    made = shell.json(*add, stdin=VALUE + "\n")
    assert made["auth"] == {
        "type": "environment_variable",
        "secret_name": "TOKEN",
        "networking": {"type": "limited", "allowed_hosts": ["a.test"]},
        "injection_location": {"header": True, "body": False},
    }
    inside = ("--vault", vault)
    assert shell.json("credential", "list", *inside) == [made]
    assert shell.json("credential", "show", "TOKEN", *inside) == made
    rotated = shell.json("credential", "rotate", "TOKEN", *inside, "--value-stdin", stdin="new")
    assert rotated["id"] == made["id"]
    assert rotated["updated_at"] > made["updated_at"]
    assert shell.json("credential", "archive", made["id"], *inside)["archived_at"] is not None
    assert shell.json("credential", "list", *inside) == []
    assert [row["id"] for row in shell.json("credential", "list", *inside, "--archived")] == [made["id"]]
    assert shell.json("credential", "delete", "TOKEN", *inside, "--yes")["id"] == made["id"]
    shown = shell.gets("credential", "list") + shell.gets("audit", "tail", "-n", "100")
    assert VALUE not in shown


def test_the_default_vault_is_made_for_the_first_credential_and_no_other_is(shell: Shell) -> None:
    shell.json("credential", "add", "FIRST", "--unrestricted", "--value-stdin", stdin=VALUE)
    shell.json("credential", "add", "SECOND", "--unrestricted", "--value-stdin", stdin=VALUE)
    assert [vault["display_name"] for vault in shell.json("vault", "list")].count("default") == 1
    assert [row["auth"]["secret_name"] for row in shell.json("credential", "list", "--vault", "default")] == [
        "SECOND",
        "FIRST",
    ]
    add = ("credential", "add", "THIRD", "--vault", "nobody", "--unrestricted", "--value-stdin")
    assert "there is no vault nobody" in shell.fails(*add, stdin=VALUE)


@pytest.mark.parametrize(("kind", "secret"), [("static_bearer", "token"), ("mcp_oauth", "access_token")])
def test_a_credential_for_an_mcp_server_goes_by_its_name(shell: Shell, vault: str, kind: str, secret: str) -> None:
    url = "https://mcp.example.test/mcp"
    inside = ("--vault", vault)
    made = shell.json(
        "credential", "add", "linear", *inside, "--kind", kind, "--url", url, "--value-stdin", stdin=VALUE
    )
    assert (made["auth"]["type"], made["auth"]["mcp_server_url"]) == (kind, url)
    assert made["display_name"] == "linear"
    assert shell.json("credential", "rotate", "linear", *inside, "--value-stdin", stdin="new")["id"] == made["id"]


@pytest.mark.parametrize(
    ("written", "stored"),
    [(b"v\n", "v"), (b"v\r\n", "v"), (b"v\n\n", "v\n"), (b"v", "v"), ("ü\n".encode(), "ü")],
)
def test_one_newline_at_the_end_of_a_value_is_dropped(shell: Shell, house: House, written: bytes, stored: str) -> None:
    # An imitating placeholder has the length of the value.
    prefix = "ghp_" + "0123456789abcdefghijklmnop"
    file = shell.home / "value"
    file.write_bytes(prefix.encode() + written)
    vault = shell.json("vault", "create", "lengths")["id"]
    add = ("credential", "add", "GH", "--vault", vault, "--unrestricted", "--imitate", "--no-header")
    shell.json(*add, "--value-file", str(file))
    session = shell.json("session", "create", "--vault", vault)
    assert len(session["egress"]["env"]["GH"]) == len(prefix) + len(stored)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "does not hold text"), (b"x" * 2_000_000, "far more")],
)
def test_a_value_that_cannot_be_one_is_refused(shell: Shell, vault: str, content: bytes, said: str) -> None:
    file = shell.home / "value"
    file.write_bytes(content)
    add = ("credential", "add", "X", "--vault", vault, "--host", "a.test", "--value-file", str(file))
    assert said in shell.fails(*add)


def test_a_value_file_that_is_not_there_is_named(shell: Shell, vault: str) -> None:
    add = ("credential", "add", "X", "--vault", vault, "--host", "a.test", "--value-file", "missing.txt")
    assert "missing.txt cannot be read" in shell.fails(*add)


def test_where_nobody_can_be_asked_for_the_value_the_other_ways_are_named(shell: Shell, vault: str) -> None:
    said = shell.misuses("credential", "add", "X", "--vault", vault, "--host", "a.test")
    assert "--value-stdin" in said
    add = ("credential", "add", "X", "--vault", vault, "--host", "a.test", "--value-stdin", "--value-file", "f")
    assert "one of --value-stdin and --value-file" in shell.misuses(*add)


def test_a_value_that_is_typed_at_a_terminal_is_not_echoed(shell: Shell, vault: str) -> None:
    argv = shell.argv("credential", "add", "TYPED", "--vault", vault, "--host", "a.test")
    child, terminal = pty.fork()
    if child == 0:
        os.execve(argv[0], argv, shell.environment())  # noqa: S606 - a terminal of its own is the point
    seen = b""
    while b"(not shown)" not in seen:
        seen += os.read(terminal, 1024)
    os.write(terminal, VALUE.encode() + b"\n")
    while True:
        try:
            piece = os.read(terminal, 1024)
        except OSError:  # how Linux says that the other side is gone
            break
        if not piece:
            break
        seen += piece
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, seen
    assert VALUE.encode() not in seen
    assert b"vcrd_" in seen


def test_a_session_from_beginning_to_end(shell: Shell, vault: str) -> None:
    shell.json("credential", "add", "TOKEN", "--vault", vault, "--host", "a.test", "--value-stdin", stdin=VALUE)
    made = shell.json("session", "create", "--vault", vault, "--title", "t", "--expires-in", "90m")
    assert made["title"] == "t"
    assert made["egress"]["placeholders"] == ["TOKEN"]
    assert VALUE not in json.dumps(made)
    shown = shell.json("session", "show", made["id"])
    assert "egress" not in shown
    assert made["id"] in {session["id"] for session in shell.json("session", "list")}
    token = shell.json("session", "fill-token", made["id"])
    assert (token["session_id"], token["token"][:4]) == (made["id"], "srf_")
    assert shell.json("session", "end", made["id"])["status"] == "terminated"
    assert made["id"] not in {session["id"] for session in shell.json("session", "list")}
    assert made["id"] in {session["id"] for session in shell.json("session", "list", "--archived")}
    assert made["id"] in shell.gets("session", "show", made["id"])


def test_a_shell_can_evaluate_what_a_session_needs(shell: Shell, vault: str) -> None:
    shell.json("credential", "add", "TOKEN", "--vault", vault, "--host", "a.test", "--value-stdin", stdin=VALUE)
    lines = shell.gets("session", "create", "--vault", vault, "--shell").splitlines()
    assert all(line.startswith("export ") for line in lines)
    assert any(line.startswith("export TOKEN=srp_") for line in lines)
    assert any(line.startswith("export HTTPS_PROXY=http://strongroom:srt_") for line in lines)


def test_an_organization_and_its_keys(shell: Shell) -> None:
    made = shell.json("org", "create", "acme")
    assert made.keys() >= {"organization_id", "workspace_id", "api_key"}
    assert made["organization_id"] in {row["id"] for row in shell.json("org", "list")}
    acme = Shell(home=shell.home, variables={**shell.variables, "STRONGROOM_API_KEY": made["api_key"]})
    assert "organizations:write" in acme.fails("org", "create", "x")
    key = acme.json("key", "create", "--name", "ci", "--scope", "vaults:read", "--scope", "vaults:write")
    assert key.keys() >= {"id", "key", "scopes", "workspace_id"}
    assert key["scopes"] == ["vaults:read", "vaults:write"]
    assert key["workspace_id"] == made["workspace_id"]
    assert key["key"] not in json.dumps(acme.json("key", "list"))
    weak = Shell(home=shell.home, variables={**shell.variables, "STRONGROOM_API_KEY": key["key"]})
    assert weak.json("vault", "list") == []
    assert "keys:read" in weak.fails("key", "list")
    assert acme.json("key", "revoke", key["id"])["revoked_at"] is not None


def test_a_refusal_of_the_server_is_one_sentence_that_names_the_field(shell: Shell, vault: str) -> None:
    add = ("credential", "add", "X", "--vault", vault, "--host", "https://a.test", "--value-stdin")
    said = shell.fails(*add, stdin=VALUE)
    assert "--host https://a.test: must be a bare host name" in said
    assert VALUE not in said


def test_an_unwritable_data_directory_keeps_the_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = Shell(home=tmp_path).fails("serve", "--data-dir", str(tmp_path / "file"), "--port", "0", "--proxy-port", "0")
    assert "is not a directory: choose another --data-dir" in said


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    shell = Shell(home=tmp_path)
    said = shell.misuses("serve", "--log-level", "loud", STRONGROOM_ADMIN_KEY="short")
    assert "--log-level: must be debug, info, warning or error" in said
    assert "STRONGROOM_ADMIN_KEY: must have" in said
    assert "short" not in said
    said = shell.fails("serve", STRONGROOM_LOG_LEVEL="loud")
    assert "STRONGROOM_LOG_LEVEL: must be debug, info, warning or error" in said
    assert not (tmp_path / ".strongroom").exists()


def test_a_port_in_use_is_named_and_nothing_is_touched(house: House, tmp_path: Path) -> None:
    port = house.api.rpartition(":")[2]
    said = Shell(home=tmp_path).fails("serve", "--port", port, "--proxy-port", "0")
    assert f"127.0.0.1:{port} cannot be used" in said
    assert not (tmp_path / ".strongroom").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("session", "create", "--vault", "nope"), "--vault: no active vault is named nope"),
        (
            ("session", "create", "--vault", "VAULT", "--environment", "nope"),
            "--environment: no active environment is named nope",
        ),
        (("session", "create", "--vault", "v", "--title", "x" * 2000), "--title: must have at most 1024 characters"),
        (("run", "--name", "x" * 2000, "--", "true"), "--name: must have at most 1024 characters"),
        (("session", "create", "--expires-in", "60d"), "--expires-in (in seconds): must be at most"),
        (("environment", "create", "e", "--host", "a.test", "--host", "b c"), "--host b c: must be"),
        (("environment", "create", ""), "NAME: must not be empty"),
        (("vault", "create", ""), "NAME: must not be empty"),
        (("org", "create", ""), "NAME: must not be empty"),
        (("key", "create", "--name", "x" * 300), "--name: must have at most 255 characters"),
        (("credential", "add", "1X", "--host", "a.test", "--value-file", "/proc/version"), "NAME: must be letters"),
        (
            ("credential", "add", "X", "--kind", "static_bearer", "--url", "x", "--value-file", "/proc/version"),
            "--url: ",
        ),
    ],
)
def test_a_refusal_is_about_what_was_typed(shell: Shell, vault: str, words: tuple[str, ...], said: str) -> None:
    if words[0] == "credential":
        need_file("/proc/version")
    assert f"strongroom: {said}" in shell.fails(*(vault if word == "VAULT" else word for word in words))


def test_scopes_that_no_key_can_have_are_not_offered(shell: Shell) -> None:
    for scope in ("bogus", "egress"):
        said = shell.fails("key", "create", "--scope", "vaults:read", "--scope", scope)
        assert f"--scope {scope}: must be one of vaults:read, " in said
        assert "egress" not in said.removeprefix(f"strongroom: --scope {scope}")


def test_without_a_value_no_vault_is_made(tmp_path: Path, authority: trustme.CA) -> None:
    with running_house(tmp_path, authority) as house:
        shell = Shell(
            home=tmp_path, variables={"STRONGROOM_URL": house.api, "STRONGROOM_DATA_DIR": str(house.data_dir)}
        )
        add = ("credential", "add", "X", "--host", "a.test", "--value-stdin")
        assert "standard input is empty" in shell.fails(*add)
        assert shell.json("vault", "list") == []
        shell.gets(*add, stdin=VALUE)
        assert [vault["display_name"] for vault in shell.json("vault", "list")] == ["default"]
