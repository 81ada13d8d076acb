"""Codes that were pushed: found by whom they are for, and destroyed."""

from datetime import timedelta

import pytest

from strongroom.core.failures import TooMany
from strongroom.core.ids import PushedCodeId
from strongroom.core.pushed_codes import CodeKind
from strongroom.services.login_ports import CodeQuery, SealedCode
from strongroom.services.ports import Store
from tests.store.things import Home, at, fresh


def code(home: Home, seconds: float = 0, **changes: object) -> SealedCode:
    known: dict[str, object] = {
        "id": PushedCodeId(fresh("totp_")),
        "organization": home.organization,
        "workspace": home.workspace,
        "identifier": "A b",
        "compared": "a b",
        "content": b"content",
        "code": b"code",
        "kind": CodeKind.TOTP,
        "task": "t",
        "workflow": "w",
        "workflow_run": "wr",
        "source": "s",
        "expired_at": at(60),
        "created_at": at(seconds),
    }
    return SealedCode(**known | changes)  # type: ignore[arg-type]  # fields by name


def query(**changes: object) -> CodeQuery:
    return CodeQuery(**{"limit": 9, "since": at(0), **changes})  # type: ignore[arg-type]  # likewise


async def test_codes_come_back_as_they_were_the_newest_first_and_for_no_other_workspace(
    store: Store, home: Home, elsewhere: Home
) -> None:
    rows = [code(home), code(home, 1, workflow_run=None, expired_at=None), code(home, 2, kind=CodeKind.MAGIC_LINK)]
    for row in [*rows, code(home, 3, kind=None, code=None)]:
        await store.pushed_codes.add(row, since=at(0))
    assert list(await store.pushed_codes.page(home.workspace, query())) == rows[::-1]
    assert list(await store.pushed_codes.page(home.workspace, query(limit=1))) == rows[2:]
    assert list(await store.pushed_codes.page(home.workspace, query(since=at(2)))) == rows[2:]
    assert list(await store.pushed_codes.page(home.workspace, query(workflow_run="wr"))) == [rows[2], rows[0]]
    assert list(await store.pushed_codes.page(home.workspace, query(kind=CodeKind.MAGIC_LINK))) == rows[2:]
    assert list(await store.pushed_codes.page(home.workspace, query(compared="other"))) == []
    assert list(await store.pushed_codes.page(elsewhere.workspace, query())) == []


async def test_what_is_over_is_destroyed(store: Store, home: Home) -> None:
    old, older, fresh_one = code(home, 10), code(home, 0), code(home, 20)
    for row in (old, older, fresh_one):
        await store.pushed_codes.add(row, since=at(0))
    await store.pushed_codes.forget(codes_before=at(15), all_before=at(5))
    left = await store.pushed_codes.page(home.workspace, query())
    assert [(row.id, row.code, row.content) for row in left] == [
        (fresh_one.id, b"code", b"content"),
        (old.id, None, b"content"),
    ]


async def test_a_workspace_keeps_so_many_and_no_more(store: Store, home: Home, elsewhere: Home) -> None:
    day = timedelta(days=1)
    most = 3
    for number in range(most):
        await store.pushed_codes.add(code(home, number), since=at(0) - day, most=most)
    with pytest.raises(TooMany):
        await store.pushed_codes.add(code(home, 9), since=at(0) - day, most=most)
    await store.pushed_codes.add(code(home, 9), since=at(1), most=most)
    await store.pushed_codes.add(code(elsewhere), since=at(0) - day, most=most)
