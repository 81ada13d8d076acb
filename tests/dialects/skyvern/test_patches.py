from typing import Any

import pytest

from strongroom.core.credentials.password import Password
from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.behaviours import covers
from tests.dialects.skyvern.bodies import body
from tests.dialects.skyvern.inside import stored
from tests.dialects.stage import Stage, Tenant


@pytest.fixture
def made(api: Api) -> dict[str, Any]:
    return api.made(body())


@pytest.fixture
def here(made: dict[str, Any]) -> str:
    return f"{HERE}/{made['credential_id']}"


@covers("V087")
def test_a_credential_is_renamed_and_its_secret_is_not_touched(
    api: Api, here: str, made: dict[str, Any], stage: Stage, tenant: Tenant
) -> None:
    before = stored(stage, tenant, made["credential_id"], Password)[1]
    assert api.patch(here, {"name": "ren"}) == made | {"name": "ren"} == api.get(here)
    assert api.patch(f"{here}/", {"name": "again"})["name"] == "again"
    assert stored(stage, tenant, made["credential_id"], Password)[1] == before
    assert [row["name"] for row in api.get(f"{HERE}?search=again")] == ["again"]
    assert api.get(f"{HERE}?search=ren") == []


@covers("V088", "V089", "V090", "V091")
@pytest.mark.parametrize(
    ("sent", "place", "kind"),
    [
        ({}, [], "value_error"),
        ({"foo": 1}, [], "value_error"),
        ({"name": ""}, ["name"], "string_too_short"),
        ({"user_context": "x" * 1001}, ["user_context"], "string_too_long"),
        ({"rotate_proxy_session_id": None}, ["rotate_proxy_session_id"], "bool_type"),
        ([], [], "model_attributes_type"),
    ],
)
def test_a_change_that_breaks_a_rule_is_refused(
    api: Api, here: str, made: dict[str, Any], sent: object, place: list[str], kind: str
) -> None:
    assert api.problems("PATCH", here, sent) == [(["body", *place], kind)]
    assert api.get(here) == made


@covers("V089", "V090")
@pytest.mark.parametrize(
    "field",
    [
        "name",
        "tested_url",
        "user_context",
        "save_browser_session_intent",
        "auto_profile_disabled",
        "run_sequentially",
        "pin_saved_session_ip",
        "browser_profile_id",
    ],
)
def test_null_changes_nothing(api: Api, here: str, field: str) -> None:
    before = api.patch(here, {"user_context": " note ", "tested_url": "https://a.test", "auto_profile_disabled": True})
    assert before["user_context"] == " note "
    assert api.patch(here, {field: None}) == before
    assert api.patch(here, {"user_context": "  "}) == before


def test_what_is_kept_beside_is_changed(api: Api, here: str, made: dict[str, Any]) -> None:
    sent = {"user_context": "click", "save_browser_session_intent": True, "auto_profile_disabled": True}
    assert api.patch(here, sent) == made | sent == api.get(here)


@covers("V091")
def test_what_is_not_supported_is_refused(api: Api, here: str, made: dict[str, Any]) -> None:
    assert "run_sequentially" in api.patch(here, {"run_sequentially": True, "name": "x"}, 400)["detail"]
    assert "bp_1" in api.patch(here, {"browser_profile_id": "bp_1"}, 400)["detail"]
    assert api.patch(here, {"run_sequentially": False}) == made


@covers("V092")
def test_what_is_not_there_is_not_changed(api: Api) -> None:
    told = api.patch(f"{HERE}/cred_0", {"name": "x"}, 404)
    assert told == {"detail": "Credential not found, credential_id=cred_0"}
    api.patch("/api/v1/credentials/cred_0", {"name": "x"}, 405)
