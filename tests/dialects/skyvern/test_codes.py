"""Codes that logins have, and codes that are pushed, on a clock that is moved by hand."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strongroom.edge import Edge
from strongroom.testing.clock import FrozenClock
from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.behaviours import covers
from tests.dialects.skyvern.bodies import S32, body, password
from tests.dialects.stage import Stage, Tenant, running

START = datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server for which it is always the same second."""
    with running(tmp_path_factory.mktemp("still"), edge=Edge(clock=FrozenClock(START))) as stage:
        yield stage


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(START)


@pytest.fixture
def moving(clock: FrozenClock, tmp_path: Path) -> Iterator[Stage]:
    """A server whose clock the test moves."""
    with running(tmp_path, edge=Edge(clock=clock)) as stage:
        yield stage


def reader(tenant: Tenant) -> Api:
    scopes = {"scopes": ["credentials:write", "totp:read"]}
    return Api.of(tenant, tenant.raw().made("/strongroom/v1/keys", scopes)["key"])


@pytest.fixture
def tenant(still: Stage) -> Tenant:
    return still.tenant()


def authenticator(totp: str = S32) -> dict[str, object]:
    return password(totp=totp, totp_type="authenticator")


@covers("V042", "V049")
def test_a_code_is_that_of_the_moment(codes: Api) -> None:
    path = f"{HERE}/{codes.made(authenticator())['credential_id']}/totp-code"
    answer = codes.call("GET", path)
    assert answer.json() == {"code": "287082", "seconds_remaining": 1}
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert codes.get(f"{path}/") == answer.json()
    whole = "otpauth://totp/one:u?secret=JBSWY3DPEHPK3PXP&digits=8&period=60&algorithm=SHA256&issuer=other"
    told = codes.get(f"{HERE}/{codes.made(authenticator(whole))['credential_id']}/totp-code")
    assert told == {"code": "96023015", "seconds_remaining": 1}
    weak = codes.made(authenticator("JBSWY3DPEHPK3PXP"))["credential_id"]
    assert codes.get(f"{HERE}/{weak}/totp-code")["code"] == "996554"


@covers("V050", "V051", "V052")
def test_only_an_authenticator_gives_codes_and_only_to_who_may_have_them(api: Api, codes: Api) -> None:
    plain = codes.made(password(totp=S32))["credential_id"]
    assert isinstance(codes.get(f"{HERE}/{plain}/totp-code", 400)["detail"], str)
    assert codes.get(f"{HERE}/cred_0/totp-code", 404) == {"detail": "Credential not found"}
    for id_ in (plain, codes.made(authenticator())["credential_id"], "cred_0"):
        assert "totp:read" in api.get(f"{HERE}/{id_}/totp-code", 403)["detail"]
    assert "totp:read" in api.get(f"{HERE}/totp", 403)["detail"]


def test_each_code_that_is_given_out_is_recorded(codes: Api, tenant: Tenant) -> None:
    id_ = codes.made(authenticator())["credential_id"]
    for _ in range(2):
        codes.get(f"{HERE}/{id_}/totp-code")
    entries = tenant.raw().get("/strongroom/v1/audit").json()["data"]
    given = [entry for entry in entries if entry["action"] == "credential.code"]
    assert [(entry["target"], entry["outcome"]) for entry in given] == [(id_, "allowed")] * 2


def push(api: Api, content: str, identifier: str = "User@E.co", **more: object) -> dict[str, object]:
    pushed: dict[str, object] = api.post(f"{HERE}/totp", {"totp_identifier": identifier, "content": content, **more})
    return pushed


@covers("V116", "V118")
@pytest.mark.parametrize(
    ("content", "code", "kind"),
    [
        ("https://example.com/l?t=1", "https://example.com/l?t=1", "magic_link"),
        ("Your code is 123456", "123456", "totp"),
        ("12\x0034", "1234", "totp"),
        ("", "", "totp"),
    ],
)
def test_a_message_is_pushed_and_its_code_found(api: Api, content: str, code: str, kind: str) -> None:
    pushed = push(api, content, source="email", task_id="", workflow_run_id="wr_1", type="totp")
    assert str(pushed["totp_code_id"]).removeprefix("totp_").isdecimal()
    assert pushed["code"] == code
    assert pushed["otp_type"] == kind
    assert pushed["content"] == content.replace("\0", "")
    assert pushed["totp_identifier"] == "user@e.co"
    assert (pushed["task_id"], pushed["workflow_run_id"], pushed["type"]) == (None, "wr_1", "totp")
    assert "status" not in pushed


@covers("V119")
def test_a_message_without_a_code_is_kept_as_it_is(api: Api, codes: Api) -> None:
    pushed = push(api, "Thank you for signing up, there is nothing to do")
    assert (pushed["code"], pushed["status"], pushed["otp_type"]) == ("", "raw_pending", None)
    assert codes.get(f"{HERE}/totp") == []
    api.post(f"{HERE}/totp", {"totp_identifier": "u", "content": "no code " * 9000}, 400)


@covers("V117", "V120")
def test_a_push_or_question_that_breaks_a_rule_is_refused(api: Api, codes: Api) -> None:
    assert api.problems("POST", f"{HERE}/totp", {"content": "1"}) == [(["body", "totp_identifier"], "missing")]
    for field, value, kind in (("type", "sms", "enum"), ("task_id", "x" * 129, "string_too_long")):
        sent = {"totp_identifier": "u", "content": "1", field: value}
        assert api.problems("POST", f"{HERE}/totp", sent) == [(["body", field], kind)]
    assert codes.problems("GET", f"{HERE}/totp?limit=201") == [(["query", "limit"], "less_than_equal")]
    assert codes.problems("GET", f"{HERE}/totp?otp_type=x") == [(["query", "otp_type"], "enum")]


@covers("V120")
def test_what_was_pushed_is_listed_the_newest_first(moving: Stage, clock: FrozenClock) -> None:
    codes = reader(moving.tenant())
    for content, identifier, run in (
        ("111111", "User@E.co", "wr_1"),
        ("https://example.com/x", "user@e.co", None),
        ("222222", "+1 (555) 010-9999", None),
    ):
        clock.advance(timedelta(seconds=1))
        push(codes, content, identifier, workflow_run_id=run)

    def listed(query: str = "") -> list[str]:
        return [row["code"] for row in codes.get(f"{HERE}/totp{query}")]

    assert listed() == listed("/") == ["222222", "https://example.com/x", "111111"]
    assert listed("?limit=1") == ["222222"]
    assert listed("?otp_type=magic_link") == ["https://example.com/x"]
    assert listed("?totp_identifier=USER@e.CO") == ["https://example.com/x", "111111"]
    assert listed("?totp_identifier=15550109999") == ["222222"]
    assert listed("?workflow_run_id=wr_1") == ["111111"]
    assert reader(moving.tenant()).get(f"{HERE}/totp") == []


@covers("V121")
def test_times_are_in_utc_without_saying_so(api: Api) -> None:
    sent = {"expired_at": "2026-01-01T12:00:00+02:00"}
    assert push(api, "123456", **sent)["expired_at"] == "2026-01-01T10:00:00.000000"
    assert push(api, "123456", expired_at="2026-01-01T12:00:00")["expired_at"] == "2026-01-01T12:00:00.000000"
    assert str(push(api, "123456")["created_at"]).endswith(".000000")
    far = {"totp_identifier": "u", "content": "1", "expired_at": "0001-01-01T00:00:00+14:00"}
    assert api.problems("POST", f"{HERE}/totp", far) == [(["body", "expired_at"], "value_error")]


def test_the_older_prefix_takes_pushes_too(api: Api) -> None:
    for slash in ("", "/"):
        assert api.post(f"/api/v1/totp{slash}", {"totp_identifier": "u", "content": "1234"})["code"] == "1234"


def test_a_code_is_destroyed_after_ten_minutes_and_its_message_after_a_day(moving: Stage, clock: FrozenClock) -> None:
    codes = reader(moving.tenant())
    push(codes, "your code is 123456")

    def shown() -> list[tuple[str, str]]:
        return [(row["code"], row["content"]) for row in codes.get(f"{HERE}/totp")]

    def left() -> list[tuple[int, int]]:
        moving.run(moving.house.services.pushed_codes.sweep())
        with closing(sqlite3.connect(moving.data_dir / "strongroom.db")) as database:
            return database.execute("SELECT code IS NOT NULL, content IS NOT NULL FROM pushed_codes").fetchall()

    assert left() == [(1, 1)]
    assert shown() == [("123456", "your code is 123456")]
    clock.advance(timedelta(minutes=10, seconds=1))
    assert shown() == [("", "your code is 123456")]
    assert left() == [(0, 1)]
    clock.advance(timedelta(hours=24))
    assert shown() == []
    assert left() == []


def test_what_is_pushed_lies_sealed(codes: Api, still: Stage) -> None:
    push(codes, "s3ntinel 482913 code")
    for file in still.data_dir.glob("strongroom.db*"):
        assert b"s3ntinel" not in file.read_bytes()
        assert b"482913" not in file.read_bytes()


def test_an_update_that_changes_the_key_changes_the_codes(codes: Api) -> None:
    id_ = codes.made(authenticator())["credential_id"]
    before = codes.get(f"{HERE}/{id_}/totp-code")["code"]
    codes.post(f"{HERE}/{id_}/update", authenticator("JBSWY3DPEHPK3PXP"))
    assert codes.get(f"{HERE}/{id_}/totp-code")["code"] != before
    codes.post(f"{HERE}/{id_}/update", body())
    codes.get(f"{HERE}/{id_}/totp-code", 400)
