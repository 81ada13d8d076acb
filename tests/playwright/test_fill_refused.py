"""What a page, a model or a thief does not get in a real browser, and what they are told."""

import traceback

import pytest
from playwright.sync_api import Error, Page

from strongroom.playwright import Filler, FillFailed
from tests.playwright.house import Vault
from tests.playwright.site import PASSWORD, USER, Site, login_form
from tests.playwright.test_fill_login import heard, without_values


def strays(vault: Vault, session: str) -> list[tuple[str, str]]:
    events = [each for each in vault.events(session) if each.get("action") == "placeholder.strayed"]
    return [(each["target"], each["facts"]["host"]) for each in events]


def refused_by(failed: pytest.ExceptionInfo[FillFailed]) -> str:
    """The code, of a failure that shows no value however it is written out."""
    assert without_values("".join(traceback.format_exception(failed.value)), repr(failed.value))
    return failed.value.code


def test_another_origin_is_offered_nothing(page: Page, other: Site, filler: Filler, credential: str) -> None:
    page.goto(f"{other.origin}/login")
    with pytest.raises(FillFailed) as failed:
        filler.fill_login(page, credential)
    assert refused_by(failed) == "fill_other_site"
    assert heard(page) == []


def test_a_placeholder_that_is_typed_on_another_origin_is_refused_and_reported(
    page: Page, site: Site, other: Site, filler: Filler, vault: Vault, session: tuple[str, str], credential: str
) -> None:
    page.goto(f"{site.origin}/login")
    shown = filler.offer(page, credential)
    page.goto(f"{other.origin}/login")
    with pytest.raises(FillFailed) as failed:
        filler.type(page.locator("#pass"), shown["password"])
    assert refused_by(failed) == "fill_other_site"
    assert page.locator("#pass").input_value() == ""
    assert strays(vault, session[0]) == [(credential, "localhost")]
    page.goto(f"{site.origin}/login")
    filler.type(page.locator("#pass"), shown["password"])
    assert page.locator("#pass").input_value() == PASSWORD


def test_a_redirect_to_another_origin_on_the_way_takes_the_field_along_and_nothing_is_typed(
    page: Page, site: Site, other: Site, filler: Filler, credential: str
) -> None:
    page.goto(f"{site.origin}/login")
    shown = filler.offer(page, credential)
    field = page.query_selector("#pass")
    page.goto(f"{other.origin}/login")
    with pytest.raises(FillFailed) as failed:
        filler.type(field, shown["password"])
    refused_by(failed)
    assert heard(page) == []


def test_a_frame_of_another_site_gets_nothing_from_the_page_around_it(
    page: Page, site: Site, other: Site, filler: Filler, vault: Vault, session: tuple[str, str], credential: str
) -> None:
    site.pages["/framed"] = f"<h1>Sign in below</h1><iframe id=f src='{other.origin}/login'></iframe>"
    page.goto(f"{site.origin}/framed")
    shown = filler.offer(page, credential)
    inside = page.frame_locator("#f").locator("#pass")
    with pytest.raises(FillFailed) as failed:
        filler.type(inside, shown["password"])
    assert refused_by(failed) == "fill_other_site"
    assert inside.input_value() == ""
    assert strays(vault, session[0]) == [(credential, "localhost")]


@pytest.mark.parametrize("source", ["srcdoc='<input id=pass>'", "src='data:text/html,<input id=pass>'"])
def test_a_frame_without_an_address_of_its_own_gets_nothing(
    page: Page, site: Site, filler: Filler, credential: str, source: str
) -> None:
    site.pages["/framed"] = f"<h1>Sign in below</h1><iframe id=f {source}></iframe>"
    page.goto(f"{site.origin}/framed")
    shown = filler.offer(page, credential)
    with pytest.raises(FillFailed) as failed:
        filler.type(page.frame_locator("#f").locator("#pass"), shown["password"])
    assert refused_by(failed) == "invalid"


def test_a_login_in_a_frame_of_its_own_site_is_filled_there(
    page: Page, site: Site, other: Site, filler: Filler, credential: str
) -> None:
    other.pages["/framed"] = f"<iframe id=f src='{site.origin}/login'></iframe>"
    page.goto(f"{other.origin}/framed")
    frame = page.frame(url="**/login")
    assert frame is not None
    shown = filler.offer(frame, credential)
    filler.type(frame.locator("#pass"), shown["password"])
    assert frame.locator("#pass").input_value() == PASSWORD


def test_a_placeholder_is_good_once(page: Page, site: Site, filler: Filler, credential: str) -> None:
    page.goto(f"{site.origin}/login")
    shown = filler.offer(page, credential)
    filler.type(page.locator("#pass"), shown["password"])
    with pytest.raises(FillFailed) as failed:
        filler.type(page.locator("#user"), shown["password"])
    assert refused_by(failed) == "fill_used"
    assert page.locator("#user").input_value() == ""


def test_playwrights_errors_quote_what_was_to_be_typed_and_ours_do_not(
    page: Page, site: Site, filler: Filler, credential: str
) -> None:
    site.pages["/login"] = login_form(extra="").replace("type=password", "type=checkbox")  # which takes no text
    page.goto(f"{site.origin}/login")
    shown = filler.offer(page, credential)
    page.evaluate("user.readOnly = true")
    with pytest.raises(Error, match="sentinel"):
        page.locator("#user").fill("sentinel", timeout=300)
    page.evaluate("user.readOnly = false")
    with pytest.raises(FillFailed, match="could not be typed") as failed:
        filler.type(page.locator("#pass"), shown["password"])
    refused_by(failed)
    page.set_default_timeout(200)
    with pytest.raises(FillFailed, match="could not be typed") as failed:
        filler.type(page.locator("#nowhere"), shown["username"])
    refused_by(failed)
    with pytest.raises(FillFailed) as failed:
        filler.type(page.locator("#user"), "placeholder_of_my_own")
    assert refused_by(failed) == "fill_unknown"


def test_what_a_model_types_is_read_as_the_contract_says(
    page: Page, site: Site, filler: Filler, credential: str
) -> None:
    page.goto(f"{site.origin}/login")
    shown = filler.offer(page, credential)
    user = page.locator("#user")
    filler.type(user, "just a name")
    assert user.input_value() == "just a name"
    filler.type(user, f"see {shown['username']}")
    assert user.input_value() == f"see {shown['username']}"
    filler.type(user, f"{shown['username']}/{shown['password']}")
    assert user.input_value() == f"{USER}/{PASSWORD}"
    assert PASSWORD not in filler.snapshot(page)


def test_what_is_revoked_is_not_typed_any_more(page: Page, site: Site, filler: Filler, vault: Vault) -> None:
    page.goto(f"{site.origin}/login")
    credential = vault.login(site.origin, totp=False)
    shown = filler.offer(page, credential)
    services, workspace = vault.house.services, vault.principal
    vault.wait(services.credentials.archive(workspace, vault.vault, credential))  # type: ignore[arg-type]  # ids as text
    with pytest.raises(FillFailed) as failed:
        filler.type(page.locator("#pass"), shown["password"])
    assert refused_by(failed) == "fill_unknown"


def test_a_session_that_has_ended_types_nothing_any_more(
    page: Page, site: Site, filler: Filler, vault: Vault, session: tuple[str, str], credential: str
) -> None:
    page.goto(f"{site.origin}/login")
    shown = filler.offer(page, credential)
    vault.made(f"/sessions/{session[0]}/end")
    with pytest.raises(FillFailed) as failed:
        filler.type(page.locator("#pass"), shown["password"])
    assert refused_by(failed) == "not_authenticated"
    assert page.locator("#pass").input_value() == ""
