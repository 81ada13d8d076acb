"""A key is replaced while applications use it, and none of them notices."""

import asyncio

import httpx

from tests.delivery.llm.rig import BODY, ROTATED, STORED, Rig
from tests.delivery.llm.vendors import Vendor
from tests.plain_http import UNUSED_TLS

PROVIDERS = ("one", "two", "three")
CALLERS = 4


async def test_a_rotation_behind_three_providers_fails_nothing_and_holds_for_whatever_begins_afterwards(
    rig: Rig, upstream: Vendor
) -> None:
    connection = rig.route(upstream, alias="one").connection
    for alias in PROVIDERS[1:]:
        rig.route(upstream, alias=alias, connection=connection)
    in_force, rotated = {STORED}, asyncio.Event()
    busy = asyncio.Event()
    answered = 0

    async def caller(number: int, http: httpx.AsyncClient) -> None:
        nonlocal answered
        after = 0
        while after < 10:  # so many of each caller's begin when the rotation has been answered
            allowed, began_after = in_force, rotated.is_set()
            mark = f"{number}-{answered}"
            body = BODY | {"model": PROVIDERS[answered % len(PROVIDERS)], "user": mark}
            headers = {"authorization": f"Bearer {rig.key}"}
            reply = await http.post(f"{rig.url}/v1/chat/completions", json=body, headers=headers)
            assert reply.status_code == 200, reply.text
            (seen,) = [each for each in upstream.seen if each.json.get("user") == mark]
            assert seen.field("authorization") in {f"Bearer {key}" for key in allowed}
            after += began_after
            answered += 1
            if answered == 3 * CALLERS:
                busy.set()

    async with httpx.AsyncClient(trust_env=False, verify=UNUSED_TLS, timeout=20) as http, asyncio.TaskGroup() as group:
        for number in range(CALLERS):
            group.create_task(caller(number, http))
        await busy.wait()
        in_force.add(ROTATED)  # for those under way either is right
        await asyncio.to_thread(rig.api.put, f"/connections/{connection}", api_key=ROTATED)
        in_force = {ROTATED}
        rotated.set()
    keys = [each.field("authorization") for each in upstream.seen]
    assert {f"Bearer {STORED}", f"Bearer {ROTATED}"} == set(keys)
