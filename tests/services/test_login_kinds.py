"""Logins, cards and secrets as the use cases know them: where they lie, what they are called, what they become."""

import asyncio
import re
import sqlite3
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.core.actions import Action, Scope
from strongroom.core.audit import Outcome
from strongroom.core.credentials import KINDS, Credential, Material, NewCredential
from strongroom.core.credentials.environment_variable import EnvironmentVariable, EnvironmentVariableDetails
from strongroom.core.credentials.password import Password, PasswordDetails
from strongroom.core.credentials.secret import SecretValue, SecretValueDetails
from strongroom.core.failures import Invalid, NotFound, NotPermitted, Unreadable
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import VaultId
from strongroom.core.networking import NOWHERE, Site
from strongroom.core.pages import PageQuery
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface
from strongroom.core.vaults import Purpose
from strongroom.services.gate import Facts
from tests.services.rooms import Rooms, variable

LOGIN_KINDS = frozenset({"password", "credit_card", "secret"})


def login(password: str = "p", *, site: str | None = "https://bank.example/login") -> NewCredential:
    material = Password(password=Secret(password))
    return NewCredential(
        details=PasswordDetails.of(material, username="u"),
        material=material,
        metadata={},
        networking=None if site is None else Site.parse(site),
        surfaces=frozenset({Surface.BODY}),
    )


async def opened(rooms: Rooms, credential: Credential) -> Material:
    held = await rooms.store.credentials.held(credential.workspace, credential.vault, credential.id)
    assert held is not None
    target = Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
    granted = await rooms.gate.admit(rooms.admin, Action.CREDENTIAL_UPDATE, target)
    return await rooms.custodian.open(granted, *held)


async def test_they_have_ids_of_their_own_form_and_others_keep_theirs(rooms: Rooms) -> None:
    vault = await rooms.vault()
    assert re.fullmatch("cred_[0-9]{39}", (await rooms.credentials.create(rooms.admin, vault, login())).id)
    assert (await rooms.credentials.create(rooms.admin, vault, variable())).id.startswith("vcrd_01")


async def test_one_without_a_site_or_hosts_goes_nowhere(rooms: Rooms) -> None:
    vault = await rooms.vault()
    assert (await rooms.credentials.create(rooms.admin, vault, login(site=None))).networking == NOWHERE
    placed = await rooms.credentials.create(rooms.admin, vault, login())
    assert placed.networking == Site.parse("https://bank.example")


async def test_its_custodian_is_the_one_that_was_asked_for(rooms: Rooms) -> None:
    vault = await rooms.vault()
    assert (await rooms.credentials.create(rooms.admin, vault, login())).custodian == "strongroom"
    elsewhere = await rooms.credentials.create(rooms.admin, vault, replace(login(), custodian="elsewhere"))
    assert (await rooms.credentials.get(rooms.admin, vault, elsewhere.id)).custodian == "elsewhere"


@pytest.mark.parametrize(
    "edit",
    [
        """networking = '{"type":"unrestricted"}'""",
        """networking = '{"type":"site","origin":"https://bank.example:8443"}'""",
        """networking = '{"type":"site","origin":"http://bank.example"}'""",
        """networking = '{"type":"limited","hosts":["bank.example"]}'""",
        """details = json_set(details, '$.username', 'other')""",
        """details = json_set(details, '$.fields', json('["password"]'))""",
    ],
)
async def test_one_whose_terms_were_edited_in_the_database_does_not_open(
    rooms: Rooms, tmp_path: Path, edit: str
) -> None:
    credential = await rooms.credentials.create(rooms.admin, await rooms.vault(), login())
    assert isinstance(await opened(rooms, credential), Password)
    with sqlite3.connect(tmp_path / "test.db") as database:
        assert database.execute(f"UPDATE credentials SET {edit}").rowcount == 1  # noqa: S608 - from above
    database.close()
    with pytest.raises(Unreadable):
        await opened(rooms, credential)


# --- becoming another kind ------------------------------------------------------------------------


def to_secret(before: Credential, _: Material | None) -> tuple[Credential, Material | None]:
    return replace(before, details=SecretValueDetails(label="l")), SecretValue(value=Secret("v"))


async def test_a_login_becomes_a_secret_in_place(rooms: Rooms) -> None:
    vault = await rooms.vault()
    before = await rooms.credentials.create(rooms.admin, vault, login())
    after = await rooms.credentials.update(
        rooms.admin, vault, before.id, to_secret, needs_material=False, kinds=LOGIN_KINDS
    )
    assert (after.id, after.kind, after.revision) == (before.id, "secret", 2)
    assert after == await rooms.credentials.get(rooms.admin, vault, before.id)
    assert await opened(rooms, after) == SecretValue(value=Secret("v"))


@pytest.mark.parametrize(
    ("details", "material", "kinds"),
    [
        (SecretValueDetails(), SecretValue(value=Secret("v")), {"password"}),
        (EnvironmentVariableDetails(secret_name="T"), EnvironmentVariable(value=Secret("v")), frozenset(KINDS)),
    ],
)
async def test_it_becomes_no_kind_that_the_caller_does_not_know_or_whose_ids_differ(
    rooms: Rooms, details: SecretValueDetails | EnvironmentVariableDetails, material: Material, kinds: Collection[str]
) -> None:
    vault = await rooms.vault()
    before = await rooms.credentials.create(rooms.admin, vault, login())

    def change(old: Credential, _: Material | None) -> tuple[Credential, Material | None]:
        return replace(old, details=details), material

    with pytest.raises(Invalid, match="cannot become"):
        await rooms.credentials.update(rooms.admin, vault, before.id, change, needs_material=False, kinds=kinds)
    assert await rooms.credentials.get(rooms.admin, vault, before.id) == before
    assert await opened(rooms, before) == login().material


async def test_another_kind_without_its_material_changes_nothing(rooms: Rooms) -> None:
    vault = await rooms.vault()
    before = await rooms.credentials.create(rooms.admin, vault, login())

    def change(old: Credential, _: Material | None) -> tuple[Credential, Material | None]:
        return replace(old, details=SecretValueDetails()), None

    with pytest.raises(Unreadable):
        await rooms.credentials.update(rooms.admin, vault, before.id, change, needs_material=False, kinds=LOGIN_KINDS)
    assert await opened(rooms, before) == login().material


async def test_to_callers_that_do_not_name_its_kind_it_does_not_exist(rooms: Rooms) -> None:
    vault = await rooms.vault()
    held = await rooms.credentials.create(rooms.admin, vault, login())
    with pytest.raises(NotFound):
        await rooms.credentials.get(rooms.admin, vault, held.id, kinds={"static_bearer"})


# --- homes ----------------------------------------------------------------------------------------


async def test_the_home_is_made_once_and_is_there_for_everyone(rooms: Rooms) -> None:
    assert await rooms.vaults.home_if_any(rooms.admin, Purpose.LOGINS) is None
    asked = [rooms.vaults.home(rooms.admin, Purpose.LOGINS, name="logins") for _ in range(8)]
    homes = {home.id for home in await asyncio.gather(*asked)}
    assert len(homes) == 1
    found = await rooms.vaults.home_if_any(rooms.admin, Purpose.LOGINS)
    assert found is not None
    assert ({found.id}, found.display_name, found.purpose) == (homes, "logins", Purpose.LOGINS)


async def test_homes_of_one_purpose_are_told_apart_by_what_they_are_of(rooms: Rooms) -> None:
    acme = await rooms.vaults.home(rooms.admin, Purpose.PROVIDER, name="acme", of="acme")
    other = await rooms.vaults.home(rooms.admin, Purpose.PROVIDER, name="other", of="other")
    assert acme.id != other.id
    assert (await rooms.vaults.home(rooms.admin, Purpose.PROVIDER, name="new name", of="acme")) == acme


async def test_who_may_write_credentials_may_have_the_home_made_and_a_reader_may_not(rooms: Rooms) -> None:
    def holding(*scopes: Scope) -> Principal:
        return replace(rooms.admin, scopes=frozenset(scopes))

    with pytest.raises(NotPermitted):
        await rooms.vaults.home(holding(Scope.CREDENTIALS_READ), Purpose.LOGINS, name="logins")
    assert await rooms.vaults.home_if_any(rooms.admin, Purpose.LOGINS) is None
    made = await rooms.vaults.home(holding(Scope.CREDENTIALS_WRITE), Purpose.LOGINS, name="logins")
    assert await rooms.vaults.home(holding(Scope.CREDENTIALS_READ), Purpose.LOGINS, name="logins") == made
    records = [entry.record for entry in await rooms.entries()]
    told = [(record.outcome, dict(record.facts)) for record in records if record.action == "vault.settle"]
    facts: Facts = {"purpose": "logins"}
    assert told == [(Outcome.DENIED, facts), (Outcome.ALLOWED, facts)]


async def test_a_page_of_vaults_is_of_the_purposes_that_the_caller_knows(rooms: Rooms) -> None:
    general = await rooms.vault()
    home: VaultId = (await rooms.vaults.home(rooms.admin, Purpose.LOGINS, name="logins")).id
    query = PageQuery(limit=9)
    assert {vault.id for vault in (await rooms.vaults.page(rooms.admin, query)).rows} == {general, home}
    [only] = (await rooms.vaults.page(rooms.admin, query, purposes={Purpose.GENERAL})).rows
    assert only.id == general
