"""Agent identities at the command line."""

import pytest

from tests.cli.shell import Shell

URL = "https://tools.example.com/mcp"


def test_an_identity_from_beginning_to_end(shell: Shell) -> None:
    vault = shell.json("vault", "create", "identities")["id"]
    inside = ("--vault", vault)
    add = ("credential", "add", "tools", *inside, "--kind", "agent_identity", "--url", URL)
    made = shell.json(*add, "--audience", "urn:tools")
    assert (made["kind"], made["display_name"], made["audience"]) == ("agent_identity", "tools", "urn:tools")
    assert made["issuer"].startswith("http://127.0.0.1:")
    assert shell.json("credential", "list", *inside) == [made]
    assert URL in shell.gets("credential", "list", *inside)
    assert shell.json("credential", "show", "tools", *inside) == made
    assert shell.json("credential", "show", URL, *inside) == made
    assert "urn:tools" in shell.gets("credential", "show", made["id"], *inside)
    assert "identity-key rotate" in shell.fails("credential", "rotate", "tools", *inside)
    assert shell.json("credential", "archive", "tools", *inside)["archived_at"] is not None
    assert shell.json("credential", "delete", made["id"], *inside, "--yes")["id"] == made["id"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--kind", "agent_identity"), "--url"),
        (("--kind", "agent_identity", "--url", URL, "--host", "a.test"), "--host"),
        (("--kind", "agent_identity", "--url", URL, "--value-stdin"), "--value-stdin"),
        (("--kind", "static_bearer", "--url", URL, "--audience", "a"), "--audience"),
    ],
)
def test_options_that_an_identity_has_no_use_for_are_refused(shell: Shell, wrong: tuple[str, ...], said: str) -> None:
    assert said in shell.misuses("credential", "add", "X", *wrong, stdin="x")


def test_keys_are_listed_and_rotated(shell: Shell) -> None:
    before = shell.json("identity-key", "list")
    after = shell.json("identity-key", "rotate")
    assert [key["id"] for key in after][1] == before[0]["id"]
    assert [key["signs"] for key in after] == [False, True]
    assert after[0]["id"] in shell.gets("identity-key", "list")
    (only,) = shell.json("identity-key", "rotate", "--at-once")
    assert only["signs"]
