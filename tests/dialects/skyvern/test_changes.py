"""What an update replaces and what it keeps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from strongroom.core.credentials.credit_card import CreditCard
from strongroom.core.credentials.password import Password
from strongroom.core.credentials.secret import SecretValue
from strongroom.core.networking import NOWHERE, Site
from strongroom.core.secret import Secret
from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.behaviours import covers
from tests.dialects.skyvern.bodies import CC, S32, body, card, password, secret
from tests.dialects.skyvern.inside import stored, texts
from tests.dialects.stage import Stage, Tenant
from tests.plain_http import UNUSED_TLS

Update = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def made(api: Api) -> dict[str, Any]:
    """A login with everything that there can be."""
    sent = password(totp=S32, totp_type="authenticator", totp_identifier="i", metadata={"a": "1"})
    return api.made(sent | {"tested_url": "https://login.example.com/in", "pin_saved_session_ip": True})


@pytest.fixture
def update(api: Api, made: dict[str, Any]) -> Update:
    def updated(sent: dict[str, Any]) -> dict[str, Any]:
        after: dict[str, Any] = api.post(f"{HERE}/{made['credential_id']}/update", sent)
        assert after["credential_id"] == made["credential_id"]
        assert api.get(f"{HERE}/{made['credential_id']}") == after
        return after

    return updated


@covers("V068", "V069", "V082", "V083")
def test_validation_comes_before_the_look_up(api: Api, made: dict[str, Any], stage: Stage) -> None:
    missing = {"detail": "Credential not found, credential_id=cred_0"}
    for method, path in (("POST", f"{HERE}/cred_0/update"), ("PUT", "/api/v1/credentials/cred_0")):
        assert api.call(method, path, body(), status=404).json() == missing
        assert api.problems(method, path, {"name": "n"})
    api.put(f"{HERE}/{made['credential_id']}", body(), 405)
    for slash in ("", "/"):
        assert api.put(f"/api/v1/credentials/{made['credential_id']}{slash}", body(name="m"))["name"] == "m"
        assert api.post(f"{HERE}/{made['credential_id']}/update{slash}", body(name="n"))["name"] == "n"
    Api.of(stage.tenant()).post(f"{HERE}/{made['credential_id']}/update", body(), 404)


@covers("V070")
def test_a_login_becomes_a_secret_and_nothing_of_it_is_left(
    api: Api, update: Update, made: dict[str, Any], stage: Stage, tenant: Tenant
) -> None:
    folder = api.post("/v1/credential_folders", {"title": "t"})["folder_id"]
    api.put(f"{HERE}/{made['credential_id']}/folder", {"folder_id": folder})
    after = update(body(credential_type="secret", credential={"secret_value": "new"}))
    assert (after["credential_type"], after["credential"]) == ("secret", {"secret_label": None})
    assert (after["folder_id"], after["tested_url"]) == (folder, "https://login.example.com/in")
    assert api.get(f"{HERE}?search=u@e.co") == []
    _, material = stored(stage, tenant, made["credential_id"], SecretValue)
    assert material.value == Secret("new")
    update(body())
    _, login = stored(stage, tenant, made["credential_id"], Password)
    assert (login.totp, login.metadata) == (None, {})


@covers("V071", "V072")
def test_the_vault_stays_whatever_is_said(api: Api, update: Update, made: dict[str, Any]) -> None:
    assert update(body(vault_type="bitwarden"))["vault_type"] == "skyvern"
    path = f"{HERE}/{made['credential_id']}/update"
    assert api.problems("POST", path, body(vault_type="onepassword")) == [(["body", "vault_type"], "enum")]


@covers("V073", "V074", "V075")
def test_a_seed_stays_until_it_is_taken_away_and_its_type_does_not(
    api: Api, codes: Api, update: Update, made: dict[str, Any], stage: Stage, tenant: Tenant
) -> None:
    here = f"{HERE}/{made['credential_id']}"
    codes.get(f"{here}/totp-code")
    after = update(password(password="other"))["credential"]
    assert after == {"username": "u@e.co", "totp_type": "none", "totp_identifier": None, "has_totp": True}
    codes.get(f"{here}/totp-code", 400)
    _, login = stored(stage, tenant, made["credential_id"], Password)
    assert (login.password, login.totp) == (Secret("other"), Secret(S32))
    told = api.post(f"{here}/update", password(totp_type="authenticator"), 400)["detail"]
    assert told["error_code"] == "authenticator_key_required"
    assert update(password(totp=None))["credential"]["has_totp"] is False
    _, login = stored(stage, tenant, made["credential_id"], Password)
    assert login.totp is None


@covers("V076")
def test_metadata_stays_until_it_is_sent(update: Update, made: dict[str, Any], stage: Stage, tenant: Tenant) -> None:
    def kept() -> dict[str, str]:
        return texts(stored(stage, tenant, made["credential_id"], Password)[1].metadata)

    update(password())
    assert kept() == {"a": "1"}
    update(password(metadata={"b": "2"}))
    assert kept() == {"b": "2"}
    update(password(metadata=None))
    assert kept() == {}


@covers("V077", "V078")
def test_an_address_is_merged_part_by_part(api: Api, stage: Stage, tenant: Tenant) -> None:
    sent = card(
        billing_address={"line1": "a", "city": "b", "state": None},
        billing_email="e@e.co",
        billing_phone="1",
        metadata={"k": "v"},
    )
    id_ = api.made(sent)["credential_id"]

    def after(**fields: object) -> CreditCard:
        api.post(f"{HERE}/{id_}/update", card(**fields))
        return stored(stage, tenant, id_, CreditCard)[1]

    kept = after(card_number="5500000000000004")
    assert kept.number == Secret("5500000000000004")
    assert texts(kept.billing_address) == {"line1": "a", "city": "b"}
    assert (kept.billing_email, kept.billing_phone, texts(kept.metadata)) == (Secret("e@e.co"), Secret("1"), {"k": "v"})
    assert texts(after(billing_address={"line1": "zz"}).billing_address) == {"line1": "zz", "city": "b"}
    assert texts(after(billing_address={"city": None}).billing_address) == {"line1": "zz"}
    assert after(billing_email=None).billing_email is None
    assert after(metadata={}).metadata == {}
    assert after(billing_address={}).billing_address == {}
    after(billing_address={"city": "c"})
    assert after(billing_address=None).billing_address == {}


@covers("V079")
def test_the_page_stays_until_it_is_sent_and_says_where_the_login_may_go(
    api: Api, update: Update, made: dict[str, Any], stage: Stage, tenant: Tenant
) -> None:
    def allowed() -> object:
        return stored(stage, tenant, made["credential_id"], Password)[0].networking

    assert allowed() == Site.parse("https://login.example.com")
    for sent in (body(), body(tested_url=None)):
        assert update(sent)["tested_url"] == "https://login.example.com/in"
    assert update(body(tested_url="https://other.example.com:8443/"))["tested_url"] == "https://other.example.com:8443/"
    assert allowed() == Site.parse("https://other.example.com:8443")
    api.patch(f"{HERE}/{made['credential_id']}", {"tested_url": "http://third.example.com"})
    assert allowed() == Site.parse("http://third.example.com")
    assert update(body(tested_url="the login page"))["tested_url"] == "the login page"
    assert allowed() == NOWHERE


def test_flags_stay_until_they_are_sent(update: Update) -> None:
    assert update(body())["pin_saved_session_ip"] is True
    assert update(body(pin_saved_session_ip=False, auto_profile_disabled=True))["pin_saved_session_ip"] is False
    assert update(body())["auto_profile_disabled"] is True


@pytest.mark.parametrize(
    "sent",
    [
        body(credential_type="credit_card"),
        password(totp="!!!", totp_type="authenticator"),
        body(credential=CC),
        body(browser_profile_id="bp_1"),
        password(password=""),
    ],
)
def test_what_is_refused_changes_nothing(
    api: Api, made: dict[str, Any], stage: Stage, tenant: Tenant, sent: dict[str, Any]
) -> None:
    id_ = made["credential_id"]
    before = stored(stage, tenant, id_, Password)
    with httpx.Client(base_url=api.url, headers=dict(api.headers), trust_env=False, verify=UNUSED_TLS) as client:
        assert client.post(f"{HERE}/{id_}/update", json=sent).status_code in {400, 422}
    after = stored(stage, tenant, id_, Password)
    assert after == before
    assert api.get(f"{HERE}/{id_}") == made


@covers("V081")
def test_of_updates_at_once_each_is_whole_or_refused(api: Api, stage: Stage, tenant: Tenant) -> None:
    """Many at once: what is stored in the end, description and secret, is what one of those with a 200 sent."""
    id_ = api.made(body())["credential_id"]

    def send(number: int) -> tuple[int, int]:
        sent = password(username=f"user-{number}", password=f"secret-{number}")
        sent = sent if number % 2 else secret(secret_label=f"user-{number}", secret_value=f"secret-{number}")
        with httpx.Client(
            base_url=api.url, headers=dict(api.headers), trust_env=False, verify=UNUSED_TLS, timeout=30
        ) as client:
            answer = client.post(f"{HERE}/{id_}/update", json=sent)
        if answer.status_code == 409:
            assert answer.json() == {"detail": "Credential was modified by another request. Please retry."}
        return number, answer.status_code

    with ThreadPoolExecutor(8) as threads:
        answers = dict(threads.map(send, range(24)))
    assert set(answers.values()) <= {200, 409}
    written = {number for number, status in answers.items() if status == 200}
    shown = api.get(f"{HERE}/{id_}")
    if shown["credential_type"] == "password":
        _, material = stored(stage, tenant, id_, Password)
        last, value = shown["credential"]["username"], material.password
    else:
        _, other = stored(stage, tenant, id_, SecretValue)
        last, value = shown["credential"]["secret_label"], other.value
    number = int(last.removeprefix("user-"))
    assert number in written
    assert value == Secret(f"secret-{number}")
