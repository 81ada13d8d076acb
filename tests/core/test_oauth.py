"""When a token is renewed, what is asked for, and what an answer means."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.credentials.changes import CredentialChange, McpOAuthChange
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails, Refresh
from strongroom.core.oauth import (
    Refreshed,
    Rejected,
    TokenReply,
    TryLater,
    due,
    due_at,
    merged,
    read_reply,
    refresh_request,
)
from strongroom.core.secret import Secret
from tests.store.things import Home

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
REFRESH = Refresh(
    client_id="c", token_endpoint="https://as.example.com/token", token_endpoint_auth=ClientAuth.NONE, resource="r"
)


def details(**changes: Any) -> McpOAuthDetails:  # noqa: ANN401 - fields of whatever type
    known: dict[str, Any] = {"mcp_server_url": "https://mcp.example.com/", "expires_at": NOW, "refresh": REFRESH}
    return McpOAuthDetails(**known | changes)


def material(access: str = "a1", refresh: str | None = "r1", secret: str | None = None) -> McpOAuth:
    return McpOAuth(
        access_token=Secret(access),
        refresh_token=None if refresh is None else Secret(refresh),
        client_secret=None if secret is None else Secret(secret),
    )


def answer(body: object, status: int = 200) -> TokenReply:
    return TokenReply(status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("lifetime", "left", "expected"),
    [
        (None, 61, False),  # given by a user: a minute before its end
        (None, 60, True),
        (None, -3600, True),
        (3600, 61, False),
        (3600, 60, True),
        (2, 1.1, False),  # one that lives two seconds would always be due
        (2, 1, True),
        (119, 59.6, False),
        (119, 59.5, True),
    ],
)
def test_it_is_due_a_minute_before_its_end_or_half_its_life(lifetime: int | None, left: float, expected: bool) -> None:
    assert due(details(expires_at=NOW + timedelta(seconds=left), lifetime=lifetime), NOW) is expected


def test_without_an_end_or_without_a_way_it_is_never_due() -> None:
    assert due_at(details(expires_at=None)) is None
    assert not due(details(refresh=None), NOW + timedelta(days=999))


def test_a_token_that_a_user_gives_has_no_lifetime_that_we_know() -> None:
    home = Home()
    before = home.credential(home.vault().id, details(lifetime=2))
    for change in (McpOAuthChange(access_token=Secret("x")), McpOAuthChange(expires_at=NOW + timedelta(hours=1))):
        after, _ = CredentialChange(auth=change).applied(before, material())
        assert isinstance(after.details, McpOAuthDetails)
        assert after.details.lifetime is None
    untouched, _ = CredentialChange(display_name="n").applied(before, None)
    assert untouched.details == before.details


def test_what_is_asked_names_scope_and_resource_only_where_they_are_set() -> None:
    request = refresh_request(details(), material(secret="s"))
    assert request is not None
    assert dict(request.fields) == {"grant_type": "refresh_token", "refresh_token": Secret("r1"), "resource": "r"}
    assert (request.client_id, request.auth, request.client_secret) == ("c", ClientAuth.NONE, Secret("s"))
    scoped = refresh_request(details(refresh=replace(REFRESH, scope="a b", resource=None)), material())
    assert scoped is not None
    assert {"scope": "a b"}.items() <= dict(scoped.fields).items()
    assert "resource" not in scoped.fields
    assert "r1" not in repr(request)


def test_nothing_is_asked_where_there_is_nothing_to_ask_with() -> None:
    assert refresh_request(details(), material(refresh=None)) is None
    assert refresh_request(details(refresh=None), material()) is None


@pytest.mark.parametrize(
    ("written", "lifetime"),
    [
        *((3600, 3600), ("3600", 3600), (2.9, 2), (0, None), (-5, None), ("soon", None), (None, None), (True, None)),
        *((1e308, 315360000), ("nan", None), ("inf", 315360000), ([], None)),
    ],
)
def test_a_success_gives_new_tokens_and_how_long_they_live(written: object, lifetime: int | None) -> None:
    body = {"access_token": "a2", "token_type": "bearer", "refresh_token": "r2", "expires_in": written, "scope": "x"}
    assert read_reply(answer(body)) == Refreshed(
        access_token=Secret("a2"), refresh_token=Secret("r2"), lifetime=lifetime, scope="x"
    )


@pytest.mark.parametrize(
    "body",
    [
        *(b"<html>busy</html>", b"", b"[]", b"[" * 100_000, {}, {"access_token": ""}, {"access_token": 7}),
        *({"access_token": text} for text in ("a\r\nb", "a b", "ä", "x" * 40_000)),
        *({"access_token": "a", "token_type": "DPoP"}, {"error": "temporarily_odd"}),
    ],
    ids=lambda body: str(body)[:30],
)
def test_a_success_without_a_token_that_can_be_sent_is_none(body: object) -> None:
    assert read_reply(answer(body)) == TryLater(200)


def test_half_an_answer_is_none() -> None:
    whole = TokenReply(status=200, body=b'{"access_token":"a2"}', truncated=True)
    assert read_reply(whole) == TryLater(200)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_ends_the_grant_and_keeps_nothing_but_a_known_code(status: int) -> None:
    assert read_reply(answer({"error": "invalid_grant", "error_description": "r1 is old"}, status)) == Rejected(
        status, "invalid_grant"
    )
    assert read_reply(answer({"error": "r1 is old"}, status)) == Rejected(status)
    assert read_reply(answer(b"<html>r1", status)) == Rejected(status)


@pytest.mark.parametrize("status", [301, 307, 408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_ends_nothing(status: int) -> None:
    assert read_reply(answer({"error": "invalid_grant"}, status)) == TryLater(status, "invalid_grant")


def test_a_refusal_with_the_status_of_a_success_is_a_refusal() -> None:
    assert read_reply(answer({"error": "bad_refresh_token"})) == Rejected(200, "bad_refresh_token")


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_bytes_are_one_of_the_three(body: bytes, status: int) -> None:
    assert isinstance(read_reply(TokenReply(status=status, body=body)), Refreshed | Rejected | TryLater)


NEW = Refreshed(access_token=Secret("a2"), refresh_token=Secret("r2"), lifetime=3600)
LATER = NOW + timedelta(hours=1)


def keep(got: Refreshed, stored: McpOAuth, **changed: Any) -> tuple[McpOAuthDetails, McpOAuth]:  # noqa: ANN401 - as above
    home = Home()
    now = details(**changed)
    before = (details(), material())
    after, kept = merged(got, asked_at=NOW, before=before, stored=(home.credential(home.vault().id, now), now, stored))
    assert isinstance(after.details, McpOAuthDetails)
    return after.details, kept


def test_new_tokens_take_the_place_of_those_that_were_sent() -> None:
    assert keep(NEW, material()) == (details(expires_at=LATER, lifetime=3600), material("a2", "r2"))


def test_a_refresh_token_that_did_not_rotate_stays() -> None:
    _, kept = keep(replace(NEW, refresh_token=None), material())
    assert kept == material("a2", "r1")


def test_an_end_that_was_not_told_is_unknown() -> None:
    told, _ = keep(replace(NEW, lifetime=None), material())
    assert (told.expires_at, told.lifetime) == (None, None)


def test_a_users_tokens_win_one_by_one_and_no_rotated_token_is_lost() -> None:
    told, kept = keep(NEW, material("theirs", "r1"), expires_at=NOW + timedelta(days=1))
    assert kept == material("theirs", "r2")
    assert told.expires_at == NOW + timedelta(days=1)
    assert keep(NEW, material("a1", "theirs"))[1] == material("a2", "theirs")
    assert keep(NEW, material("x", "y"))[1] == material("x", "y")


def test_what_else_a_user_changed_meanwhile_stays_changed() -> None:
    other = replace(REFRESH, scope="wider")
    told, kept = keep(NEW, material(secret="new"), refresh=other)
    assert told == details(expires_at=LATER, lifetime=3600, refresh=other)
    assert kept == material("a2", "r2", "new")
    said, _ = keep(NEW, material(), expires_at=NOW + timedelta(days=1))
    assert said.expires_at == NOW + timedelta(days=1)
