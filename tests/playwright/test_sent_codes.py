"""Codes that a site sends by mail: typed when they have come, and waited for until then."""

import json

from playwright.sync_api import Page

from strongroom.playwright import Filler
from tests.playwright.house import Vault
from tests.playwright.site import USER, Site
from tests.playwright.site import page as written

SENT_TO = "Ada.Mail@example.com"


def test_a_login_is_filled_with_the_code_that_its_site_has_sent(
    page: Page, site: Site, filler: Filler, vault: Vault
) -> None:
    def sends_a_code(_: str) -> tuple[int, dict[str, str], str]:
        vault.push(SENT_TO, "Hello Ada,\n\nyour code for Example is 482 913.\n")
        return 303, {"location": "/code"}, ""

    site.answers["/login"] = sends_a_code
    site.answers["/code"] = lambda _: (200, {}, written("<h1>Welcome</h1>"))
    page.goto(f"{site.origin}/login")
    login = filler.fill_login(page, vault.login_with_sent_codes(site.origin, SENT_TO))
    assert login.fields == ("username", "password", "totp")
    assert site.got("/login")[0]["user"] == USER
    assert site.got("/code") == [{"code": "482913"}]
    assert "482913" not in filler.snapshot(page) + filler.content(page)


def test_a_code_that_is_still_to_come_is_waited_for(page: Page, site: Site) -> None:
    to_wait = iter([1, 1, 1, 1])

    def redeem(_: str) -> tuple[int, dict[str, str], str]:
        wait = next(to_wait, None)
        said = {"value": None, "seconds_remaining": None} if wait else {"value": "482913", "seconds_remaining": 600}
        return 200, {}, json.dumps({"type": "fill", "field": "totp", "wait_seconds": wait, **said})

    offer = {
        "context": "",
        "credential_id": "cred_1",
        "site": site.origin,
        "placeholders": {"totp": "placeholder_1_totp"},
    }
    fill = "/strongroom/v1/sessions/sesn_1/fill"
    site.answers = {f"{fill}/offers": lambda _: (200, {}, json.dumps(offer)), f"{fill}/redeem": redeem}
    filler = Filler(url=site.origin, session="sesn_1", token="srf_1")
    page.goto(f"{site.origin}/code")
    shown = filler.offer(page, "cred_1")
    filler.type(page.locator("#code"), shown["totp"])
    assert page.locator("#code").input_value() == "482913"
