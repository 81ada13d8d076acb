"""The use cases of filling, on a test's rooms."""

from typing import Any, final

import pytest

from strongroom.core.credentials import NewCredential
from strongroom.core.credentials.password import Password, PasswordDetails, TotpType
from strongroom.core.failures import FillRefused, NotFilled
from strongroom.core.ids import CredentialId, SessionId, VaultId
from strongroom.core.networking import Networking, Site
from strongroom.core.secret import Secret
from strongroom.public_suffixes import registrable
from strongroom.services.arrived_codes import ArrivedCodes
from strongroom.services.fill import Filled, FillService, NotYet
from strongroom.services.fill_tokens import FillEntrance, FillTokenService
from tests.services.rooms import Rooms

PAGE = "https://login.example.com/signin"
PASSWORD = "sentinel-password"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@final
class Filling:
    """The use cases of filling, on a test's rooms."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self.tokens = FillTokenService(
            tokens=rooms.store.fill_tokens,
            sessions=rooms.store.sessions,
            gate=rooms.gate,
            clock=rooms.clock,
            entropy=rooms.entropy,
        )
        self.entrance = FillEntrance(keys=rooms.authentication, tokens=self.tokens)
        self.service = FillService(
            fills=rooms.store.fills,
            sessions=rooms.store.sessions,
            credentials=rooms.store.credentials,
            environments=rooms.store.environments,
            custodian=rooms.custodian,
            arrived=ArrivedCodes(codes=rooms.store.pushed_codes, seal=rooms.keyring),
            uses=rooms.store.uses,
            gate=rooms.gate,
            clock=rooms.clock,
            entropy=rooms.entropy,
            registrable=registrable,
        )

    async def login(self, vault: VaultId, networking: Networking | None = Site.parse(PAGE)) -> CredentialId:  # noqa: B008 - frozen
        material = Password(password=Secret(PASSWORD), totp=Secret(SEED), metadata={"Pin": Secret("4711")})
        details = PasswordDetails.of(material, username="ada", totp_type=TotpType.AUTHENTICATOR)
        new = NewCredential(details=details, material=material, metadata={}, networking=networking)
        return (await self.rooms.credentials.create(self.rooms.admin, vault, new)).id

    async def login_with_sent_codes(self, vault: VaultId, totp_type: TotpType, sent_to: str | None) -> CredentialId:
        material = Password(password=Secret(PASSWORD))
        details = PasswordDetails.of(material, username="ada", totp_type=totp_type, totp_identifier=sent_to)
        new = NewCredential(details=details, material=material, metadata={}, networking=Site.parse(PAGE))
        return (await self.rooms.credentials.create(self.rooms.admin, vault, new)).id

    async def offered(self, session: SessionId, credential: CredentialId, url: str = PAGE) -> dict[str, str]:
        return dict((await self.service.offer(self.rooms.admin, session, credential, url)).placeholders)

    async def redeem(self, session: SessionId, placeholder: str, url: str = PAGE, **more: Any) -> Filled | NotYet:  # noqa: ANN401
        return await self.service.redeem(self.rooms.admin, session, placeholder, url, **more)

    async def refused(self, session: SessionId, placeholder: str, url: str = PAGE) -> NotFilled:
        with pytest.raises(FillRefused) as refused:
            await self.redeem(session, placeholder, url)
        assert PASSWORD not in str(refused.value)
        assert placeholder not in str(refused.value)
        return refused.value.why
