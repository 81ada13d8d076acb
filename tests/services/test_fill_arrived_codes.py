"""Codes that a site sends by mail or message: whoever fills a login gets the one that was pushed here, once."""

from datetime import timedelta
from itertools import count
from typing import Any, final

import pytest

from strongroom.core.credentials.password import TotpType
from strongroom.core.ids import CredentialId, SessionId, VaultId
from strongroom.core.pushed_codes import CODE_LIFETIME
from strongroom.core.secret import Secret
from strongroom.services.fill import ASK_AGAIN, Filled, NotYet
from strongroom.services.pushed_codes import NewCode, PushedCodeService
from tests.services.filling import Filling
from tests.services.rooms import Rooms

MAILBOX = "Ada@Example.com"


@final
class Forwarder:
    """Pushes what a site has sent. Time goes on with each message."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        numbers = count(1)
        self.service = PushedCodeService(
            codes=rooms.store.pushed_codes,
            seal=rooms.keyring,
            gate=rooms.gate,
            clock=rooms.clock,
            new_id=lambda prefix: f"{prefix}{next(numbers)}",
        )

    async def push(self, content: str, sent_to: str = MAILBOX, **more: Any) -> None:  # noqa: ANN401 - as it is forwarded
        self._rooms.clock.advance(timedelta(seconds=1))
        await self.service.push(self._rooms.admin, NewCode(identifier=sent_to, content=Secret(content), **more))


@pytest.fixture
def forwarder(rooms: Rooms) -> Forwarder:
    return Forwarder(rooms)


@pytest.fixture
async def credential(filling: Filling, vault: VaultId) -> CredentialId:
    return await filling.login_with_sent_codes(vault, TotpType.EMAIL, MAILBOX)


@pytest.fixture
async def placeholder(filling: Filling, session: SessionId, credential: CredentialId) -> str:
    return (await filling.offered(session, credential))["totp"]


async def codes(filling: Filling, session: SessionId, *placeholders: str) -> list[str | int]:
    """Redeem placeholders; return codes, and for those that are still to come the seconds to wait."""
    answers = [await filling.redeem(session, placeholder) for placeholder in placeholders]
    return [answer.value.reveal() if isinstance(answer, Filled) else answer.seconds for answer in answers]


async def test_the_code_that_was_pushed_is_given_out_once(
    filling: Filling, session: SessionId, credential: CredentialId, forwarder: Forwarder, placeholder: str
) -> None:
    assert await filling.redeem(session, placeholder) == NotYet(ASK_AGAIN)
    await forwarder.push("Your code is 482 913. Do not share it.")
    filled = await filling.redeem(session, placeholder)
    assert filled == Filled(field="totp", value=Secret("482913"), seconds_remaining=int(CODE_LIFETIME.total_seconds()))
    again = (await filling.offered(session, credential))["totp"]
    assert await codes(filling, session, again) == [ASK_AGAIN]
    await forwarder.push("771234")
    assert await codes(filling, session, again) == ["771234"]


async def test_waiting_is_no_entry_of_the_audit_log_and_a_code_that_leaves_is(
    filling: Filling, session: SessionId, forwarder: Forwarder, placeholder: str
) -> None:
    async def redeemed() -> int:
        return len([entry for entry in await filling.rooms.entries() if entry.record.action == "fill.redeem"])

    await filling.redeem(session, placeholder)
    assert await redeemed() == 0
    await forwarder.push("482913")
    await filling.redeem(session, placeholder)
    assert await redeemed() == 1


async def test_the_newest_counts_and_none_but_it(
    filling: Filling, session: SessionId, credential: CredentialId, forwarder: Forwarder, placeholder: str
) -> None:
    await forwarder.push("111111")
    await forwarder.push("222222")
    again = (await filling.offered(session, credential))["totp"]
    assert await codes(filling, session, placeholder, again) == ["222222", ASK_AGAIN]


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ("https://example.com/magic?token=123456", {}),
        ("", {}),
        ("Welcome to Example, Ada Lovelace", {}),
        ("482913", {"task": "tsk_1"}),
        ("482913", {"workflow": "w_1"}),
        ("482913", {"workflow_run": "wr_1"}),
        ("482913", {"sent_to": "eve@example.com"}),
    ],
)
async def test_what_is_no_code_or_for_somebody_else_is_passed_over(
    filling: Filling, session: SessionId, forwarder: Forwarder, placeholder: str, content: str, more: dict[str, str]
) -> None:
    await forwarder.push(content, **more)
    assert await codes(filling, session, placeholder) == [ASK_AGAIN]
    await forwarder.push("771234")
    await forwarder.push(content, **more)
    assert await codes(filling, session, placeholder) == ["771234"]


async def test_a_code_that_is_over_by_what_its_sender_says_is_not_given_out(
    filling: Filling, session: SessionId, forwarder: Forwarder, placeholder: str
) -> None:
    now = filling.rooms.clock()
    await forwarder.push("482913", expired_at=now + timedelta(seconds=1))
    assert await codes(filling, session, placeholder) == [ASK_AGAIN]
    await forwarder.push("771234", expired_at=now + timedelta(seconds=32))
    assert await filling.redeem(session, placeholder) == Filled(
        field="totp", value=Secret("771234"), seconds_remaining=30
    )


async def test_a_code_from_before_the_session_or_of_ten_minutes_ago_is_not_given_out(
    filling: Filling, vault: VaultId, credential: CredentialId, forwarder: Forwarder
) -> None:
    await forwarder.push("482913")
    filling.rooms.clock.advance(timedelta(seconds=1))
    session = (await filling.rooms.session(vault)).session.id
    shown = await filling.offered(session, credential)
    assert await codes(filling, session, shown["totp"]) == [ASK_AGAIN]
    await forwarder.push("771234")
    filling.rooms.clock.advance(CODE_LIFETIME)
    late = await filling.offered(session, credential)
    assert await codes(filling, session, late["totp"]) == [ASK_AGAIN]


async def test_a_telephone_number_is_known_however_it_is_written(
    filling: Filling, session: SessionId, vault: VaultId, forwarder: Forwarder
) -> None:
    login = await filling.login_with_sent_codes(vault, TotpType.TEXT, "+1 (555) 010-9999")
    shown = await filling.offered(session, login)
    await forwarder.push("482913", "15550109999")
    assert await codes(filling, session, shown["totp"]) == ["482913"]


@pytest.mark.parametrize(
    ("totp_type", "sent_to"),
    [(TotpType.NONE, MAILBOX), (TotpType.PASSKEY, MAILBOX), (TotpType.EMAIL, None), (TotpType.TEXT, "")],
)
async def test_a_login_whose_site_sends_nothing_has_no_placeholder_for_it(
    filling: Filling, session: SessionId, vault: VaultId, totp_type: TotpType, sent_to: str | None
) -> None:
    login = await filling.login_with_sent_codes(vault, totp_type, sent_to)
    assert list(await filling.offered(session, login)) == ["username", "password"]
