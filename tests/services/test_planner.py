"""What becomes of AWS keys in a plan: signers, and never anything that puts them in."""

from dataclasses import replace

import pytest

from strongroom.core.credentials import NewCredential
from strongroom.core.credentials.aws_keys import AwsKeys, details_of
from strongroom.core.credentials.changes import AwsKeysChange, CredentialChange
from strongroom.core.hosts import HostSet
from strongroom.core.ids import VaultId
from strongroom.core.networking import Limited
from strongroom.core.plans import Plan, Signer
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface
from strongroom.services.sessions import Opened
from tests.services.rooms import API, OTHER, Rooms, variable

KEY, SECRET, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


def aws_keys(token: str | None = None, secret: str = "s3cret/1") -> NewCredential:
    keys = AwsKeys(
        access_key_id=Secret("AKIA1"),
        secret_access_key=Secret(secret),
        session_token=None if token is None else Secret(token),
    )
    return NewCredential(
        details=details_of(keys),
        material=keys,
        metadata={},
        networking=Limited(HostSet.parse(("api.example.com",))),
        surfaces=frozenset({Surface.HEADER}),
    )


async def planned(rooms: Rooms, opened: Opened, destination: object = API) -> Plan:
    live = await rooms.delivery.enter(opened.token)
    return (await rooms.delivery.plan(live, destination)).plan  # type: ignore[arg-type]


async def stored(rooms: Rooms, *new: NewCredential, vault: VaultId | None = None) -> VaultId:
    vault = vault or await rooms.vault()
    for each in new:
        await rooms.credentials.create(rooms.admin, vault, each)
    return vault


def the_signer(plan: Plan) -> Signer:
    assert len(plan.signers) == 1
    return next(iter(plan.signers.values()))


async def test_the_kind_gives_each_part_a_placeholder_of_its_own_and_a_signer(rooms: Rooms) -> None:
    opened = await rooms.session(await stored(rooms, aws_keys("tok")))
    assert list(opened.placeholders) == [KEY, SECRET, TOKEN]
    assert len(set(opened.placeholders.values())) == 3
    plan = await planned(rooms, opened)
    signer = the_signer(plan)
    assert [part.placeholder for part in signer.parts] == list(opened.placeholders.values())
    assert [part.secret for part in signer.parts] == [Secret("AKIA1"), Secret("s3cret/1"), Secret("tok")]
    assert list(plan.signers) == [opened.placeholders[KEY].encode()]
    assert (plan.swaps, set(plan.strays)) == ((), set(opened.placeholders.values()))


async def test_keys_that_last_have_no_variable_for_a_token(rooms: Rooms) -> None:
    opened = await rooms.session(await stored(rooms, aws_keys()))
    assert list(opened.placeholders) == [KEY, SECRET]


async def test_at_another_host_there_is_nothing_but_strays(rooms: Rooms) -> None:
    opened = await rooms.session(await stored(rooms, aws_keys("tok")))
    plan = await planned(rooms, opened, OTHER)
    assert (plan.signers, plan.swaps, set(plan.strays)) == ({}, (), set(opened.placeholders.values()))


@pytest.mark.parametrize(
    "names",
    [
        (KEY, SECRET, TOKEN),
        (f"STAGING_{KEY}", f"STAGING_{SECRET}", f"STAGING_{TOKEN}"),
        (f"{KEY}_EU", f"{SECRET}_EU", f"{TOKEN}_EU"),
    ],
)
async def test_variables_with_the_names_of_keys_are_a_pair(rooms: Rooms, names: tuple[str, str, str]) -> None:
    vault = await stored(rooms, *(variable(name, f"real {name}") for name in names), variable("OTHER"))
    opened = await rooms.session(vault)
    plan = await planned(rooms, opened)
    assert [part.placeholder for part in the_signer(plan).parts] == [opened.placeholders[name] for name in names]
    assert [swap.placeholder for swap in plan.swaps] == [opened.placeholders["OTHER"]]
    assert set(plan.strays) == {opened.placeholders[name] for name in names}


async def test_names_that_do_not_fit_each_other_are_no_pair(rooms: Rooms) -> None:
    vault = await stored(rooms, variable(f"A_{KEY}"), variable(f"B_{SECRET}"), variable("ACCESS_KEY_ID"))
    plan = await planned(rooms, await rooms.session(vault))
    assert (plan.signers, len(plan.swaps)) == ({}, 3)


async def test_halves_in_two_vaults_are_no_pair(rooms: Rooms) -> None:
    vaults = [await stored(rooms, variable(KEY)), await stored(rooms, variable(SECRET))]
    assert (await planned(rooms, await rooms.session(*vaults))).signers == {}


async def test_a_half_that_may_not_go_into_headers_or_not_to_the_host_is_no_pair(rooms: Rooms) -> None:
    body_only = replace(variable(SECRET), surfaces=frozenset({Surface.BODY}))
    for half in (body_only, variable(SECRET, "x", "other.example.com")):
        vault = await stored(rooms, variable(KEY), half)
        assert (await planned(rooms, await rooms.session(vault))).signers == {}


async def test_parts_that_belong_together_are_given_together_or_not_at_all(rooms: Rooms) -> None:
    first = await stored(rooms, variable(SECRET, "another"))
    second = await stored(rooms, aws_keys("tok"))
    opened = await rooms.session(first, second)
    assert list(opened.placeholders) == [SECRET]
    assert list((await rooms.session(second, first)).placeholders) == [KEY, SECRET, TOKEN]


async def test_the_uses_of_keys_are_counted_once_for_each_credential(rooms: Rooms) -> None:
    vault = await stored(rooms, variable(KEY), variable(SECRET))
    opened = await rooms.session(vault)
    live = await rooms.delivery.enter(opened.token)
    plan = await rooms.delivery.plan(live, API)
    for _ in range(3):
        plan.signs(the_signer(plan.plan))
    await rooms.meter.flush()
    uses = await rooms.store.uses.of_session(rooms.admin.workspace, opened.session.id)
    assert [use.count for use in uses] == [3, 3]
    assert plan.sent.scrubber.keeps_length
    assert plan.sent.scrubber.clean(b"the secret") == b"srp_" + opened.placeholders[KEY].encode()[4:10]


async def test_rotated_keys_sign_in_running_sessions_and_archived_ones_do_not(rooms: Rooms) -> None:
    vault = await rooms.vault()
    made = await rooms.credentials.create(rooms.admin, vault, aws_keys())
    opened = await rooms.session(vault)
    new = AwsKeys(access_key_id=Secret("ASIA2"), secret_access_key=Secret("new"), session_token=Secret("t"))
    change = CredentialChange(auth=AwsKeysChange(keys=new))
    after = await rooms.credentials.update(rooms.admin, vault, made.id, change.applied, needs_material=False)
    assert after.details == details_of(new)
    signer = the_signer(await planned(rooms, opened))
    assert signer.access_key_id.placeholder == opened.placeholders[KEY]
    assert [part.secret for part in signer.parts] == [Secret("ASIA2"), Secret("new"), Secret("t")]
    await rooms.credentials.archive(rooms.admin, vault, made.id)
    (await rooms.delivery.enter(opened.token)).forget()
    assert (await planned(rooms, opened)).signers == {}
