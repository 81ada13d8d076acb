"""A login in a real browser: what the site gets, and what its scripts, the model and everybody else see."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from strongroom.playwright import Filler, FillFailed, Way
from tests.playwright.house import Vault
from tests.playwright.site import KEY, PASSWORD, SEED, USER, Site, code_at, login_form
from tests.playwright.site import page as form_page

VALUES = (PASSWORD, SEED, KEY)


def heard(page: Page) -> list[str]:
    """What the page's own scripts made of everything that happened on it."""
    found: list[str] = page.evaluate("window.heard")
    return found


def without_values(*shown: Any) -> bool:  # noqa: ANN401 - whatever somebody is shown
    return not any(value in str(each) for value in VALUES for each in shown)


def test_a_login_with_a_code_arrives_and_nothing_of_it_is_shown(
    page: Page, site: Site, filler: Filler, vault: Vault, session: tuple[str, str], credential: str
) -> None:
    page.goto(f"{site.origin}/login")
    login = filler.fill_login(page, credential)
    assert login.fields == ("username", "password", "totp")
    assert login.url == page.url == f"{site.origin}/welcome"
    assert site.got("/login") == [{"user": USER, "pass": PASSWORD}]
    (sent,) = site.got("/code")
    assert sent["code"] in site.codes
    assert without_values(login, filler, filler.snapshot(page), filler.content(page))
    events = vault.events(session[0])
    assert without_values(json.dumps(events))
    assert sent["code"] not in json.dumps(events)
    redeemed = [each["facts"]["field"] for each in events if each.get("action") == "fill.redeem"]
    assert redeemed == ["username", "password", "totp"]
    assert [(use["host"], use["count"]) for use in vault.call("GET", f"/sessions/{session[0]}").json()["uses"]] == [
        ("127.0.0.1", 3)
    ]


def test_a_code_is_typed_into_a_box_for_each_digit(page: Page, site: Site, filler: Filler, credential: str) -> None:
    site.second_step = "/boxes"
    page.goto(f"{site.origin}/login")
    assert filler.fill_login(page, credential).fields == ("username", "password", "totp")
    assert page.url == f"{site.origin}/welcome"
    (digits,) = site.got("/code")
    assert list(digits) == [f"digit{place}" for place in range(6)]


def test_boxes_of_which_the_first_alone_says_what_they_are_for_are_filled_all(
    page: Page, site: Site, filler: Filler, credential: str
) -> None:
    said = ["autocomplete=one-time-code", *["autocomplete=off"] * 5]
    boxes = "".join(f"<input name=part{place} maxlength=1 type=tel {each}>" for place, each in enumerate(said))
    site.second_step = "/boxes"
    site.pages["/boxes"] = form_page(f"<form method=post action=/code>{boxes}<button>Go on</button></form>")
    page.goto(f"{site.origin}/login")
    filler.fill_login(page, credential)
    (digits,) = site.got("/code")
    assert [len(digits[f"part{place}"]) for place in range(6)] == [1] * 6


@pytest.mark.parametrize(
    "name",
    [
        "<input name=a>",
        "Who? <input name=a type=text id=x>",
        "<input name=search><p><input name=a aria-label='Your login'>",
    ],
)
def test_a_user_name_is_told_by_its_place_where_nothing_says_what_it_is(
    page: Page, site: Site, filler: Filler, vault: Vault, name: str
) -> None:
    form = f"<form method=post action=/in>{name}<input name=b type=password><input name=c><button>In</button></form>"
    site.pages["/login"] = form_page(f"<input name=q>{form}")
    page.goto(f"{site.origin}/login")
    login = filler.fill_login(page, vault.login(site.origin, totp=False), patience=0.2)
    assert login.fields == ("username", "password")
    (sent,) = site.got("/in")
    assert (sent["a"], sent["b"], sent["c"]) == (USER, PASSWORD, "")


@pytest.mark.parametrize(
    "buttons",
    [
        "<button type=button aria-label='Sign in' onclick=go()>\u279c</button>",
        "<button type=button>Show</button><div role=button onclick=go()>Sign in</div>",
        "<button type=button>Sign in with Example</button><button type=button onclick=go()>Continue</button>",
        "<input type=button value=Help><input type=button value='Log in' onclick=go()>",
    ],
)
def test_a_page_without_a_form_is_sent_by_the_button_that_says_so(
    page: Page, site: Site, filler: Filler, vault: Vault, buttons: str
) -> None:
    site.pages["/login"] = form_page(
        f"<input id=user><input id=pass type=password>{buttons}"
        "<script>const go = () => fetch('/in', {method: 'POST', body: `user=${user.value}`})</script>"
    )
    page.goto(f"{site.origin}/login")
    with page.expect_response("**/in"):
        filler.fill_login(page, vault.login(site.origin, totp=False), patience=0.2)
    assert site.got("/in") == [{"user": USER}]


def test_a_code_is_told_by_its_label_where_nothing_else_says_what_it_is(
    page: Page, site: Site, filler: Filler, credential: str
) -> None:
    label = "<label for=x>Country</label><input id=x name=x><label>Your one-time PIN <input name=c></label>"
    site.pages["/code"] = form_page(f"<form method=post action=/done>{label}<button>Go on</button></form>")
    page.goto(f"{site.origin}/login")
    filler.fill_login(page, credential)
    (sent,) = site.got("/done")
    assert (sent["x"], len(sent["c"])) == ("", 6)


@pytest.mark.parametrize("way", Way)
def test_a_page_that_asks_for_one_thing_after_the_other_is_followed(
    page: Page, site: Site, filler: Filler, vault: Vault, way: Way
) -> None:
    page.goto(f"{site.origin}/steps")
    login = filler.fill_login(page, vault.login(site.origin, totp=False), way=way)
    page.wait_for_url("**/welcome")
    assert login.fields == ("username", "password")
    assert [json.loads(body) for path, body in site.posted if path == "/login.json"] == [
        {"email": USER, "pass": PASSWORD}
    ]


def test_scripts_of_the_page_hear_a_typed_password_at_the_very_end_and_not_before(
    page: Page, site: Site, filler: Filler, vault: Vault
) -> None:
    page.goto(f"{site.origin}/login")
    shown = filler.offer(page, vault.login(site.origin, totp=False))
    page.locator("#pass").fill(shown["password"])  # a model tries things out
    filler.type(page.locator("#user"), shown["username"])
    assert without_values(*heard(page))
    filler.type(page.locator("#pass"), shown["password"])
    after = [PASSWORD in each for each in heard(page)]
    assert True in after  # the site is the one that it belongs to, and its scripts read its fields
    assert all(after[after.index(True) :])
    assert without_values(filler.snapshot(page), filler.content(page), filler.text("; ".join(heard(page))))


def test_scripts_of_the_page_never_hear_a_password_that_is_put_into_the_request(
    page: Page, site: Site, filler: Filler, credential: str
) -> None:
    page.goto(f"{site.origin}/login")
    page.evaluate("window.addEventListener('pagehide', () => sessionStorage.heard = JSON.stringify(window.heard))")
    login = filler.fill_login(page, credential, way=Way.SENT)
    assert (login.fields, page.url) == (("username", "password", "totp"), f"{site.origin}/welcome")
    assert site.got("/login") == [{"user": USER, "pass": PASSWORD}]
    listened = json.loads(page.evaluate("sessionStorage.heard"))
    assert any("_password" in each for each in listened)
    assert without_values(*listened)


def test_a_site_that_repeats_what_was_sent_repeats_the_placeholder(
    page: Page, site: Site, filler: Filler, vault: Vault
) -> None:
    site.answers["/login"] = lambda body: (200, {}, f"<p>You sent {body} and </p><pre>{PASSWORD}</pre>")
    page.goto(f"{site.origin}/login")
    filler.fill_login(page, vault.login(site.origin, totp=False), way=Way.SENT)
    assert PASSWORD not in page.content()  # not even the page has it
    assert "placeholder_" in page.locator("pre").inner_text()


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_a_redirect_to_another_origin_takes_nothing_along(
    page: Page, site: Site, other: Site, filler: Filler, vault: Vault, status: int
) -> None:
    site.answers["/login"] = lambda _: (status, {"location": f"{other.origin}/collect"}, "")
    page.goto(f"{site.origin}/login")
    filler.fill_login(page, vault.login(site.origin, totp=False), way=Way.SENT)
    page.wait_for_url(f"{other.origin}/**")
    assert site.got("/login") == [{"user": USER, "pass": PASSWORD}]
    assert without_values(*other.posted)
    assert bool(other.posted) is (status in {307, 308})


def test_a_form_that_leads_to_another_origin_gets_nothing_and_is_reported(
    page: Page, site: Site, other: Site, filler: Filler, vault: Vault, session: tuple[str, str]
) -> None:
    site.pages["/login"] = login_form(action=f"{other.origin}/collect")
    page.goto(f"{site.origin}/login")
    credential = vault.login(site.origin, totp=False)
    with pytest.raises(FillFailed) as refused:
        filler.fill_login(page, credential, way=Way.SENT)
    assert refused.value.code == "fill_other_site"
    assert other.posted == []
    assert [event["facts"] for event in vault.events(session[0]) if event.get("action") == "placeholder.strayed"] == [
        {
            "session": session[0],
            "host": "localhost",
            "surface": "page",
            "count": 1,
            "answer": "refused",
            "vault": vault.vault,
        }
    ]


def test_a_field_that_takes_no_placeholder_says_what_to_do(
    page: Page, site: Site, filler: Filler, vault: Vault
) -> None:
    site.pages["/login"] = login_form(extra="maxlength=20")
    page.goto(f"{site.origin}/login")
    with pytest.raises(FillFailed, match="TYPED"):
        filler.fill_login(page, vault.login(site.origin, totp=False), way=Way.SENT)


def test_a_page_that_sends_something_else_than_was_typed_says_what_to_do(
    page: Page, site: Site, filler: Filler, vault: Vault
) -> None:
    site.pages["/login"] = (
        login_form() + "<script>document.forms[0].onsubmit = () => { pass.value = 'hashed' }</script>"
    )
    page.goto(f"{site.origin}/login")
    with pytest.raises(FillFailed, match="TYPED"):
        filler.fill_login(page, vault.login(site.origin, totp=False), way=Way.SENT, patience=1)
    assert site.got("/login") == [{"user": USER, "pass": "hashed"}]


def test_a_page_without_a_login_says_so(page: Page, site: Site, filler: Filler, credential: str) -> None:
    page.goto(f"{site.origin}/welcome")
    with pytest.raises(FillFailed, match="no field"):
        filler.fill_login(page, credential, patience=0.2)


def test_what_stands_in_fields_is_covered_in_pictures(page: Page, site: Site, filler: Filler, vault: Vault) -> None:
    page.goto(f"{site.origin}/login")
    shown = filler.offer(page, vault.login(site.origin, totp=False))
    empty = filler.screenshot(page)
    filler.type(page.locator("#user"), shown["username"])
    page.locator("body").click(position={"x": 1, "y": 1})
    assert filler.screenshot(page) == empty


def test_the_code_of_the_site_is_the_rfcs() -> None:
    assert code_at(59).isdigit()
