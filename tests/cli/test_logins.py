"""Logins, cards and secrets at the command line: read from pipes, files and prompts, never shown."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from strongroom.cli.adding import Kind, Said
from strongroom.cli.complaint import Complaint
from strongroom.cli.logins import read_fields
from strongroom.core.secret import Secret
from tests.cli.shell import Shell

KEY = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
PASSWORD, NUMBER = "planted password", "4111111111111111"
CARD = {
    "card_number": NUMBER,
    "card_holder_name": "Planted Name",
    "card_exp_month": "12",
    "card_exp_year": "2030",
    "card_cvv": "987",
}
PLANTED = (PASSWORD, KEY, KEY.replace(" ", ""), NUMBER, "Planted Name", "planted secret")


@dataclass
class Holding:
    """A source that holds one text, or asks for each by its name."""

    text: str | None = None
    asked: list[str] = field(default_factory=list)
    is_named: bool = True

    @property
    def asks(self) -> bool:
        return self.text is None

    def read(self, name: str) -> Secret:
        self.asked.append(name)
        return Secret(f"<{name}>" if self.text is None else self.text)


def test_at_a_terminal_each_field_is_asked_for() -> None:
    source = Holding()
    login = Said(name="n", kind=Kind.PASSWORD, source=source, username="u", totp=True)
    assert read_fields(login) == {
        "password": "<the password of n>",
        "totp": "<the authenticator key of n>",
        "totp_type": "authenticator",
        "username": "u",
    }
    secret = Said(name="n", kind=Kind.SECRET, source=source, label="l")
    assert read_fields(secret) == {"secret_value": "<n>", "secret_label": "l"}
    card = Said(name="n", kind=Kind.CREDIT_CARD, source=source, brand="visa")
    assert read_fields(card).keys() == {*CARD, "card_brand"}
    assert len(source.asked) == 2 + 1 + 5


@pytest.mark.parametrize("text", ["{", "[]", "planted secret", '"planted secret"'])
def test_what_is_no_object_of_fields_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(Complaint) as raised:
        read_fields(Said(name="n", kind=Kind.CREDIT_CARD, source=Holding(text)))
    assert "planted" not in str(raised.value)


@pytest.mark.parametrize("text", ["planted", "planted\n", "planted\n \n"])
def test_a_key_that_does_not_follow_is_missed(text: str) -> None:
    with pytest.raises(Complaint, match="no second line"):
        read_fields(Said(name="n", kind=Kind.PASSWORD, source=Holding(text), totp=True))


@pytest.fixture
def vault(shell: Shell) -> str:
    return str(shell.json("vault", "create", "logins of mine")["id"])


ADD = ("credential", "add", "bank", "--kind", "password", "--username", "me@example.com")
SITE = ("--site", "https://bank.example/login")


def test_a_login_is_stored_with_its_key_and_is_changed_field_by_field(shell: Shell, vault: str) -> None:
    inside = ("--vault", vault)
    login = shell.json(*ADD, *inside, *SITE, "--totp", "--value-stdin", stdin=f"{PASSWORD}\n{KEY}\n")
    assert (login["kind"], login["username"], login["site"]) == ("password", "me@example.com", "https://bank.example")
    assert (login["has_totp"], login["totp_type"]) == (True, "authenticator")
    rotate = ("credential", "rotate", "bank", *inside, "--value-stdin")
    assert shell.json(*rotate, stdin="planted password 2")["has_totp"] is True
    assert shell.json(*rotate, "--fields", stdin='{"totp": null, "totp_type": "none"}')["has_totp"] is False
    shown = shell.gets("credential", "show", login["id"], *inside)
    assert "BANK_PASSWORD" in shown
    said = shown + shell.gets("audit", "tail", "-n", "100")
    assert not any(value in said for value in PLANTED)


def test_cards_and_secrets_are_stored_listed_and_taken_away(shell: Shell, vault: str, tmp_path: Path) -> None:
    inside = ("--vault", vault)
    file = tmp_path / "card.json"
    file.write_text(json.dumps(CARD))
    adds_card = ("credential", "add", "card", *inside, "--kind", "credit_card", "--brand", "visa", *SITE)
    card = shell.json(*adds_card, "--value-file", str(file))
    assert (card["last_four"], card["brand"], card["surfaces"]) == ("1111", "visa", ["body"])
    adds_secret = ("credential", "add", "door", *inside, "--kind", "secret", "--label", "front", "--host", "a.example")
    door = shell.json(*adds_secret, "--no-header", "--value-stdin", stdin="planted secret")
    assert (door["label"], door["hosts"], door["surfaces"]) == ("front", ["a.example"], ["body"])
    assert shell.json("credential", "list", *inside) == [door, card]
    changed = shell.json("credential", "rotate", "card", *inside, "--value-stdin", stdin='{"card_number": "42"}')
    assert changed["last_four"] == "42"
    assert shell.json("credential", "archive", "door", *inside)["archived_at"] is not None
    assert shell.json("credential", "delete", card["id"], *inside, "--yes")["id"] == card["id"]


def test_a_session_holds_their_fields_and_a_table_says_where_they_may_go(shell: Shell, vault: str) -> None:
    inside = ("--vault", vault)
    shell.json(*ADD, *inside, *SITE, "--value-stdin", stdin=PASSWORD)
    env = shell.json("session", "create", *inside)["egress"]["env"]
    assert all(env[name].startswith("srp_") for name in ("BANK_USERNAME", "BANK_PASSWORD"))
    table = shell.gets("credential", "list", *inside)
    assert "https://bank.example" in table
    assert "password" in table


def test_vaults_are_shown_with_what_they_are_for(shell: Shell) -> None:
    made = shell.json("vault", "create", "with a purpose")
    shown = shell.json("vault", "show", "with a purpose")
    assert (shown["id"], shown["purpose"]) == (made["id"], "general")
    assert shown in shell.json("vault", "list")
    assert "PURPOSE" in shell.gets("vault", "list")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--kind", "password"), "--site"),
        (("--kind", "password", "--site", "https://a.test", "--host", "a.test"), "--site"),
        (("--kind", "password", "--host", "a.test", "--imitate"), "--imitate"),
        (("--kind", "secret", "--unrestricted"), "--unrestricted"),
        (("--kind", "secret", "--site", "https://a.test", "--username", "u"), "--username"),
        (("--kind", "secret", "--site", "https://a.test", "--totp"), "--totp"),
        (("--kind", "password", "--site", "https://a.test", "--brand", "visa"), "--brand"),
        (("--host", "a.test", "--site", "https://a.test"), "--site"),
        (("--host", "a.test", "--fields"), "--fields"),
    ],
)
def test_options_that_the_kind_has_no_use_for_are_refused(shell: Shell, wrong: tuple[str, ...], said: str) -> None:
    complaint = shell.misuses("credential", "add", "x", *wrong, "--value-stdin", stdin="planted secret")
    assert said in complaint
    assert "planted" not in complaint


def test_who_keeps_a_login_is_said_and_must_be_set_up(shell: Shell, vault: str) -> None:
    adds = (*ADD, "--vault", vault, *SITE, "--value-stdin")
    assert shell.json(*adds, "--custodian", "strongroom", stdin=PASSWORD)["custodian"] == "strongroom"
    refused = shell.fails(*adds, "--custodian", "openbao", stdin=PASSWORD)
    assert "--custodian: names openbao, which is not configured here" in refused
    assert "--custodian: must be one of strongroom, custom" in shell.fails(
        *adds, "--custodian", "mattress", stdin=PASSWORD
    )
    assert "is for --kind password or credit_card or secret" in shell.misuses(
        "credential", "add", "T", "--host", "a.example", "--custodian", "openbao"
    )
