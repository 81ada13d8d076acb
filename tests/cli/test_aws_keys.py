"""AWS keys at the command line: read in the forms that people have them in, never shown."""

import json

import pytest

from strongroom.cli.aws_keys import read_keys
from strongroom.cli.complaint import Complaint
from strongroom.core.secret import Secret
from tests.cli.shell import Shell

ID, SECRET, TOKEN = "AKIAPLANTEDPLANTED01", "planted/secret+key=", "planted//token=="
PAIR = {"access_key_id": ID, "secret_access_key": SECRET}
ALL = {**PAIR, "session_token": TOKEN}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps({"Version": 1, "AccessKeyId": ID, "SecretAccessKey": SECRET, "SessionToken": TOKEN}), ALL),
        (json.dumps({"Version": 1, "AccessKeyId": ID, "SecretAccessKey": SECRET, "Expiration": "2026"}), PAIR),
        (json.dumps({"Credentials": {"AccessKeyId": ID, "SecretAccessKey": SECRET, "SessionToken": TOKEN}}), ALL),
        (json.dumps({"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET}), PAIR),
        (f"[default]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\nregion = x\n", PAIR),
        (f"aws_access_key_id={ID}\naws_secret_access_key={SECRET}\naws_session_token={TOKEN}", ALL),
        (f"export AWS_ACCESS_KEY_ID={ID}\nexport AWS_SECRET_ACCESS_KEY='{SECRET}'\n", PAIR),
    ],
)
def test_every_form_that_aws_writes_is_read(text: str, expected: dict[str, str]) -> None:
    assert read_keys(Secret(text), access_key_id=None) == expected


def test_the_secret_key_alone_needs_its_id() -> None:
    assert read_keys(Secret(SECRET), access_key_id=ID) == PAIR
    with pytest.raises(Complaint):
        read_keys(Secret(SECRET), access_key_id=None)


@pytest.mark.parametrize("text", ["{", "[]", "{}", "two words", "a=b\nc", f"[a]\nx={SECRET}\n[b]\ny=1\n", "=\n="])
def test_what_holds_no_keys_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(Complaint) as raised:
        read_keys(Secret(text), access_key_id=None)
    assert SECRET not in str(raised.value)


def test_keys_from_beginning_to_end(shell: Shell) -> None:
    vault = shell.json("vault", "create", "aws vault")["id"]
    inside = ("--vault", vault)
    add = ("credential", "add", "aws", *inside, "--kind", "aws_keys", "--host", "*.amazonaws.com")
    made = shell.json(*add, "--access-key-id", ID, "--value-stdin", stdin=SECRET + "\n")
    assert (made["kind"], made["display_name"], made["hosts"]) == ("aws_keys", "aws", ["*.amazonaws.com"])
    token = shell.json("credential", "add", "TOKEN", *inside, "--unrestricted", "--value-stdin", stdin="x")
    assert shell.json("credential", "list", *inside) == [token, made]
    table = shell.gets("credential", "list", *inside)
    assert "aws_keys" in table
    assert "*.amazonaws.com" in table
    assert shell.json("credential", "show", "aws", *inside) == made
    assert shell.json("credential", "show", made["id"], *inside) == made
    assert "AWS_ACCESS_KEY_ID" in shell.gets("credential", "show", "aws", *inside)
    env = shell.json("session", "create", *inside)["egress"]["env"]
    assert env["AWS_SECRET_ACCESS_KEY"].startswith("srp_")
    printed = json.dumps({"Version": 1, "AccessKeyId": ID, "SecretAccessKey": SECRET, "SessionToken": TOKEN})
    rotated = shell.json("credential", "rotate", "aws", *inside, "--value-stdin", stdin=printed)
    assert (rotated["id"], len(rotated["variables"])) == (made["id"], 3)
    assert shell.json("credential", "archive", "aws", *inside)["archived_at"] is not None
    assert shell.json("credential", "delete", made["id"], *inside, "--yes")["id"] == made["id"]
    shown = shell.gets("audit", "tail", "-n", "100")
    assert not any(value in shown for value in (ID, SECRET, TOKEN))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--kind", "aws_keys"), "--host"),
        (("--kind", "aws_keys", "--host", "a.test", "--imitate"), "--imitate"),
        (("--kind", "aws_keys", "--host", "a.test", "--url", "https://x"), "--url"),
        (("--host", "a.test", "--access-key-id", "A"), "--access-key-id"),
    ],
)
def test_options_that_keys_have_no_use_for_are_refused(shell: Shell, wrong: tuple[str, ...], said: str) -> None:
    assert said in shell.misuses("credential", "add", "X", *wrong, "--value-stdin", stdin="x")
