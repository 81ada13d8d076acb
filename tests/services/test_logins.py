"""Logins: the credential and what is kept beside it change together, or neither does."""

from dataclasses import replace

import pytest

from strongroom.core.actions import Scope
from strongroom.core.audit import Outcome
from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.password import Password, PasswordDetails, TotpType
from strongroom.core.failures import Conflict, NotFound, NotPermitted, Unavailable
from strongroom.core.grants import Granted
from strongroom.core.ids import CredentialId
from strongroom.core.login_contents import PasswordContents
from strongroom.core.logins import Login, LoginChange, StoredLogin
from strongroom.core.overriding import override
from strongroom.core.secret import Secret
from strongroom.services.credentials import CredentialService
from strongroom.services.logins import LoginService, NewLogin, Replacement
from strongroom.services.ports import Custodian, Custody
from tests.services.rooms import Rooms


class Overtaken(Custodian):
    """Keeps material, and the first time that it does, lets somebody else finish a change before."""

    def __init__(self, custodian: Custodian, faster: LoginService, change: Replacement) -> None:
        self._custodian = custodian
        self._faster = faster
        self._change: Replacement | None = change

    @override
    async def keep(self, granted: Granted, credential: Credential, material: Material) -> Custody:
        change, self._change = self._change, None
        if change is not None:
            await self._faster.change(granted.principal, credential.id, change)
        return await self._custodian.keep(granted, credential, material)

    @override
    async def open(self, granted: Granted, credential: Credential, custody: Custody) -> Material:
        return await self._custodian.open(granted, credential, custody)

    @override
    async def drop(self, granted: Granted, credential: Credential, custody: Custody) -> None:
        await self._custodian.drop(granted, credential, custody)

    @override
    async def check(self) -> None:
        await self._custodian.check()


def logins(rooms: Rooms, custodian: Custodian | None = None) -> LoginService:
    keeper = custodian or rooms.custodian
    credentials = CredentialService(
        credentials=rooms.store.credentials,
        vaults=rooms.store.vaults,
        custodian=keeper,
        gate=rooms.gate,
        clock=rooms.clock,
        new_id=lambda prefix: f"{prefix}{rooms.entropy(8).hex()}",
    )
    return LoginService(
        credentials=credentials,
        vaults=rooms.vaults,
        logins=rooms.store.logins,
        stored=rooms.store.credentials,
        custodian=keeper,
        gate=rooms.gate,
        clock=rooms.clock,
        entropy=rooms.entropy,
    )


def new(password: str = "p") -> NewLogin:
    return NewLogin(name="n", contents=PasswordContents(username="u", password=Secret(password)), login=Login())


def replaced(word: str) -> Replacement:
    contents = PasswordContents(username=word, password=Secret(word))
    return Replacement(name=word, contents=contents, login=LoginChange(user_context=word))


async def known(rooms: Rooms, credential: CredentialId) -> tuple[StoredLogin, Password]:
    stored = await rooms.store.logins.get(rooms.admin.workspace, credential)
    seen: list[Material | None] = []

    def look(described: Credential, material: Material | None) -> tuple[Credential, None]:
        seen.append(material)
        return described, None

    await rooms.credentials.update(rooms.admin, stored.credential.vault, credential, look, needs_material=True)
    (material,) = seen
    assert isinstance(material, Password)
    return stored, material


async def test_who_is_overtaken_is_told_and_nothing_of_the_change_is_written(rooms: Rooms) -> None:
    made = (await logins(rooms).create(rooms.admin, new())).credential
    slow = logins(rooms, Overtaken(rooms.custodian, logins(rooms), replaced("faster")))
    with pytest.raises(Conflict):
        await slow.change(rooms.admin, made.id, replaced("slower"))
    stored, material = await known(rooms, made.id)
    assert (stored.credential.display_name, stored.login.user_context) == ("faster", "faster")
    assert (stored.credential.details, material.password) == (
        PasswordDetails.of(material, username="faster"),
        Secret("faster"),
    )


async def test_a_change_from_a_revision_that_is_past_is_refused_before_anything_is_opened(rooms: Rooms) -> None:
    made = (await logins(rooms).create(rooms.admin, new())).credential
    opened: list[Material | None] = []

    def look(described: Credential, material: Material | None) -> tuple[Credential, None]:
        opened.append(material)
        return replace(described, display_name="x"), None

    with pytest.raises(Conflict):
        await rooms.credentials.update(
            rooms.admin, made.vault, made.id, look, needs_material=True, login=Login(user_context="x"), expected=99
        )
    assert opened == []
    stored, _ = await known(rooms, made.id)
    assert (stored.credential, stored.login) == (made, Login())


async def test_what_is_kept_beside_moves_the_revision_also_when_it_alone_changes(rooms: Rooms) -> None:
    service = logins(rooms)
    made = (await service.create(rooms.admin, new())).credential
    after = await service.change(rooms.admin, made.id, Replacement(login=LoginChange(user_context="x")))
    assert after.credential.revision == made.revision + 1


async def test_a_key_that_may_not_is_told_so_before_what_is_there(rooms: Rooms) -> None:
    service = logins(rooms)
    made = (await service.create(rooms.admin, new())).credential
    reader = replace(rooms.admin, scopes=frozenset({Scope.CREDENTIALS_READ}))
    before = len(await rooms.entries())
    for id_ in (made.id, CredentialId("cred_0")):
        with pytest.raises(NotPermitted):
            await service.change(reader, id_, replaced("x"))
        with pytest.raises(NotPermitted):
            await service.delete(reader, id_)
        with pytest.raises(NotPermitted):
            await service.code(reader, id_)
    entries = (await rooms.entries())[before:]
    assert [entry.record.outcome for entry in entries] == [Outcome.DENIED] * 6


async def test_without_the_record_there_is_no_code(rooms: Rooms) -> None:
    service = logins(rooms)
    key = PasswordContents(
        username="u", password=Secret("p"), totp_type=TotpType.AUTHENTICATOR, totp=Secret("JBSWY3DPEHPK3PXP")
    )
    made = (await service.create(rooms.admin, replace(new(), contents=key))).credential
    assert (await service.code(rooms.admin, made.id)).seconds_remaining == 30
    rooms.log.off = True
    with pytest.raises(Unavailable):
        await service.code(rooms.admin, made.id)


async def test_what_is_archived_elsewhere_is_gone_here(rooms: Rooms) -> None:
    service = logins(rooms)
    made = (await service.create(rooms.admin, new())).credential
    await rooms.credentials.archive(rooms.admin, made.vault, made.id)
    for attempt in (
        service.get(rooms.admin, made.id),
        service.change(rooms.admin, made.id, replaced("x")),
        service.delete(rooms.admin, made.id),
        service.code(rooms.admin, made.id),
        service.move(rooms.admin, made.id, None),
    ):
        with pytest.raises(NotFound):
            await attempt
