"""The same in Playwright's asynchronous interface."""

from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from strongroom.playwright import AsyncFiller, FillFailed, Way
from tests.needs import need
from tests.playwright.conftest import ARGUMENTS
from tests.playwright.house import running_vault
from tests.playwright.site import PASSWORD, USER, Site, running


async def test_a_login_in_either_way_and_a_refusal(tmp_path: Path) -> None:
    chromium = need("chromium")
    with running_vault(tmp_path) as vault, running(Site()) as site, running(Site(host="localhost")) as other:
        credential, (session, token) = vault.login(site.origin), vault.session()
        filler = AsyncFiller(url=vault.url, session=session, token=token)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = await browser.new_page()
            await page.goto(f"{site.origin}/login")
            login = await filler.fill_login(page, credential, way=Way.SENT)
            assert login.fields == ("username", "password", "totp")
            assert page.url == f"{site.origin}/welcome"
            await page.goto(f"{site.origin}/login")
            shown = await filler.offer(page, credential)
            await filler.type(page.locator("#user"), shown["username"])
            await filler.type(page.locator("#pass"), shown["password"])
            assert await page.locator("#pass").input_value() == PASSWORD
            assert PASSWORD not in await filler.content(page) + await filler.snapshot(page)
            assert (await filler.screenshot(page)).startswith(b"\x89PNG")
            await page.goto(f"{other.origin}/login")
            with pytest.raises(FillFailed):
                await filler.offer(page, credential)
            await browser.close()
        assert site.got("/login") == [{"user": USER, "pass": PASSWORD}]
