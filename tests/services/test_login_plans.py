"""What goes out in place of the placeholders of logins, cards and secrets, and what is taken out of replies.

Contract skyvern-credentials 8.1 (fields, masking, allowed site), 8.2 (codes); issue 5, item 7.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from strongroom.core.credentials import Credential, NewCredential
from strongroom.core.credentials.flat import from_flat
from strongroom.core.hosts import HostSet, canonical_host
from strongroom.core.networking import Limited, Networking, Site
from strongroom.core.placeholders import derive
from strongroom.core.plans import Destination
from strongroom.core.scrubbing import LET_GO_AFTER
from strongroom.core.secret import Secret
from strongroom.core.substitution import BodyEncoding
from strongroom.core.surfaces import Surface
from strongroom.core.totp_keys import parsed
from strongroom.crypto.totp import code_at
from strongroom.services.live import LivePlan
from strongroom.services.sessions import Opened
from tests.services.rooms import Rooms, variable

KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
SITE = Site.parse("https://bank.example:8443/login")
BOTH = frozenset({Surface.HEADER, Surface.BODY})
LOGIN: dict[str, Any] = {
    "type": "password",
    "username": "me@example.com",
    "password": 'p"ä &=1',
    "totp": KEY,
    "totp_type": "authenticator",
    "metadata": {"pin": "4711", "answer": "a cat named Bo"},
}
CARD: dict[str, Any] = {
    "type": "credit_card",
    "card_holder_name": "Ada Lovelace",
    "card_number": "4111111111111111",
    "card_exp_month": "12",
    "card_exp_year": "2030",
    "card_cvv": "987",
    "card_brand": "visa",
}


def new(flat: Mapping[str, Any], name: str | None = "Bank", *, where: Networking | None = SITE) -> NewCredential:
    details, material = from_flat(flat)
    surfaces = frozenset({Surface.BODY}) if flat["type"] == "credit_card" else BOTH
    return NewCredential(
        details=details, material=material, display_name=name, metadata={}, networking=where, surfaces=surfaces
    )


async def opened(rooms: Rooms, *stored: NewCredential) -> Opened:
    vault = await rooms.vault()
    for each in stored:
        await rooms.credentials.create(rooms.admin, vault, each)
    return await rooms.session(vault)


async def planned(rooms: Rooms, session: Opened, to: Destination = SITE.origin) -> LivePlan:
    return await rooms.delivery.plan(await rooms.delivery.enter(session.token), to)


def code_of(rooms: Rooms) -> str:
    return code_at(parsed(Secret(KEY)), rooms.clock()).code.reveal()


def sent(plan: LivePlan, body: bytes, encoding: BodyEncoding = BodyEncoding.RAW) -> bytes:
    stream = plan.substituter.body(encoding)
    return stream.feed(body) + stream.finish()


async def test_a_session_holds_a_placeholder_for_each_field_by_the_name_of_the_login(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN), new(CARD, "my card (new)"), new({"type": "secret", "secret_value": "v"}))
    assert list(session.placeholders) == [
        "BANK_USERNAME",
        "BANK_PASSWORD",
        "BANK_TOTP",
        "BANK_METADATA_PIN",
        "BANK_METADATA_ANSWER",
        "MY_CARD_NEW_CARD_NUMBER",
        "MY_CARD_NEW_CARD_CVV",
        "MY_CARD_NEW_CARD_EXP_MONTH",
        "MY_CARD_NEW_CARD_EXP_YEAR",
        "MY_CARD_NEW_CARD_HOLDER_NAME",
        "BANK_SECRET_VALUE",
    ]
    assert len(set(session.placeholders.values())) == len(session.placeholders)
    assert all(placeholder.startswith("srp_") for placeholder in session.placeholders.values())


async def test_logins_of_one_name_are_told_apart_and_a_variable_is_never_taken_over(rooms: Rooms) -> None:
    session = await opened(rooms, variable("BANK_TOTP"), new(LOGIN), new(LOGIN), new(LOGIN, None), new(LOGIN, "4u"))
    names = [name for name in session.placeholders if name.endswith("_TOTP")]
    [chosen] = [each for each in await held_by(rooms, session) if each.kind == "environment_variable"]
    live = await rooms.delivery.enter(session.token)
    assert session.placeholders["BANK_TOTP"] == derive(live.seed, chosen.id, chosen.placeholder)
    assert len(names) == 5
    assert sum(name.startswith("BANK_") and name[5:-5].isdecimal() for name in names) == 2
    assert {"PASSWORD_TOTP", "PASSWORD_4U_TOTP"} < set(names)


async def held_by(rooms: Rooms, session: Opened) -> list[Credential]:
    held = await rooms.store.credentials.active_in(rooms.admin.workspace, session.session.vaults)
    return [credential for credential, _ in held]


async def test_the_fields_are_put_into_a_form_and_into_json_with_their_escapes(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN))
    held = session.placeholders
    plan = await planned(rooms, session)
    asked = {"u": held["BANK_USERNAME"], "p": held["BANK_PASSWORD"], "otp": held["BANK_TOTP"]}
    expected = {"u": LOGIN["username"], "p": LOGIN["password"], "otp": code_of(rooms)}
    assert json.loads(sent(plan, json.dumps(asked).encode(), BodyEncoding.JSON)) == expected
    form = sent(plan, urlencode(asked).encode(), BodyEncoding.FORM).decode()
    assert parse_qs(form, strict_parsing=True) == {name: [value] for name, value in expected.items()}


async def test_a_password_goes_into_headers_and_basic_authorization_and_a_card_does_not(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN | {"password": "plain"}), new(CARD, "card"))
    plan = await planned(rooms, session)
    held = {name: placeholder.encode() for name, placeholder in session.placeholders.items()}
    assert plan.substituter.header_value(held["BANK_PASSWORD"]) == b"plain"
    assert plan.substituter.header_value(held["BANK_TOTP"]) == code_of(rooms).encode()
    assert plan.substituter.header_value(held["CARD_CARD_NUMBER"]) == held["CARD_CARD_NUMBER"]
    assert sent(plan, held["CARD_CARD_NUMBER"]) == b"4111111111111111"


async def test_the_code_is_that_of_the_moment_and_the_key_goes_nowhere(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN))
    plan = await planned(rooms, session)
    placeholder = session.placeholders["BANK_TOTP"].encode()
    codes = []
    for _ in range(3):
        codes.append(sent(plan, placeholder).decode())
        assert codes[-1] == code_of(rooms)
        rooms.clock.advance(timedelta(seconds=30))
    assert len(set(codes)) == 3
    assert KEY not in "".join(codes)
    assert not any(swap.secret == Secret(KEY) for swap in plan.plan.swaps)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Destination("https", canonical_host("bank.example"), 443),
        Destination("http", canonical_host("bank.example"), 8443),
        Destination("https", canonical_host("www.bank.example"), 8443),
        Destination("https", canonical_host("bank.example.evil.example"), 8443),
    ],
)
async def test_anywhere_but_at_its_site_they_are_strays(rooms: Rooms, elsewhere: Destination) -> None:
    session = await opened(rooms, new(LOGIN))
    plan = await planned(rooms, session, elsewhere)
    assert plan.plan.swaps == ()
    assert set(session.placeholders.values()) == set(plan.plan.strays)
    body = " ".join(session.placeholders.values()).encode()
    assert sent(plan, body) == body


async def test_with_hosts_they_go_there_and_with_neither_nowhere(rooms: Rooms) -> None:
    hosts = Limited(HostSet.parse(["*.bank.example"]))
    session = await opened(rooms, new(LOGIN, "a", where=hosts), new(LOGIN, "b", where=None))
    plan = await planned(rooms, session, Destination("https", canonical_host("www.bank.example"), 443))
    assert sent(plan, session.placeholders["A_USERNAME"].encode()) == b"me@example.com"
    assert session.placeholders["B_USERNAME"] in plan.plan.strays


# --- what is taken out of replies -----------------------------------------------------------------


async def test_what_was_sent_is_taken_out_of_replies_but_for_names_and_what_is_too_short(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN | {"password": "hunter22"}), new(CARD, "card"))
    plan = await planned(rooms, session)
    sent(plan, " ".join(session.placeholders.values()).encode())
    held = {placeholder: name for name, placeholder in session.placeholders.items()}
    said = f"me@example.com hunter22 {code_of(rooms)} 4711 a cat named Bo 4111111111111111 987 12 2030 Ada Lovelace"
    cleaned = plan.scrubber.clean(said.encode()).decode()
    for placeholder, name in held.items():
        cleaned = cleaned.replace(placeholder, f"[{name}]")
    assert cleaned == (
        "me@example.com [BANK_PASSWORD] [BANK_TOTP] 4711 [BANK_METADATA_ANSWER] "
        "[CARD_CARD_NUMBER] 987 12 2030 [CARD_CARD_HOLDER_NAME]"
    )


async def test_each_field_is_looked_for_from_its_own_first_use_on(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN | {"password": "hunter22"}))
    plan = await planned(rooms, session)
    sent(plan, session.placeholders["BANK_METADATA_ANSWER"].encode())
    assert plan.scrubber.clean(b"hunter22") == b"hunter22"
    sent(plan, session.placeholders["BANK_PASSWORD"].encode())
    assert plan.scrubber.clean(b"hunter22") == session.placeholders["BANK_PASSWORD"].encode()


async def test_codes_are_looked_for_until_they_are_worthless(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN))
    plan = await planned(rooms, session)
    placeholder = session.placeholders["BANK_TOTP"].encode()
    first = sent(plan, placeholder)
    rooms.clock.advance(timedelta(seconds=30))
    second = sent(plan, placeholder)
    assert plan.scrubber.clean(first + b" " + second) == placeholder + b" " + placeholder
    rooms.clock.advance(LET_GO_AFTER - timedelta(seconds=30))
    third = sent(plan, placeholder)
    assert plan.scrubber.clean(b" ".join((first, second, third))) == b" ".join((first, placeholder, placeholder))


async def test_a_reply_that_overtakes_its_request_is_cleaned_of_what_may_be_sent_yet(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN | {"password": "hunter22"}))
    plan = await planned(rooms, session)
    early = plan.sent.scrubber_with(plan.plan.marked())
    said = f"hunter22 {code_of(rooms)} me@example.com".encode()
    held = session.placeholders
    assert early.clean(said).decode() == f"{held['BANK_PASSWORD']} {held['BANK_TOTP']} me@example.com"


# --- changes --------------------------------------------------------------------------------------


async def test_a_key_that_gives_no_codes_has_no_placeholder(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN | {"totp_type": "none", "totp": "!!!"}))
    assert "BANK_TOTP" not in session.placeholders
    assert len((await planned(rooms, session)).plan.swaps) == 4


async def test_a_use_of_any_field_is_a_use_of_its_credential(rooms: Rooms) -> None:
    session = await opened(rooms, new(LOGIN))
    plan = await planned(rooms, session)
    sent(plan, " ".join(session.placeholders.values()).encode())
    await rooms.meter.flush()
    [use] = await rooms.store.uses.of_session(rooms.admin.workspace, session.session.id)
    assert (use.count, use.host) == (5, "bank.example")
