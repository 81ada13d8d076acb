"""`barndoor-login` as it is published, and a person with a real browser."""

import asyncio
import sys
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.dialects.barndoor.api import api_of
from tests.dialects.stage import Stage, Tenant
from tests.needs import need
from tests.playwright.conftest import ARGUMENTS

# The command opens a browser, and asks the vendor's own issuer: here it prints the URL, and is told another.
_PROGRAM = """
import asyncio, json, sys, webbrowser
from barndoor.lib import cli
from barndoor.lib.config import Environment
webbrowser.open = lambda url: True
cli.environment_from_env = lambda: Environment(issuer=sys.argv[1], base_url=sys.argv[2])
print(json.dumps(asyncio.run(cli.login(port=int(sys.argv[3])))), flush=True)
"""


@pytest.mark.slow
async def test_a_person_signs_in_with_a_browser(
    stage: Stage, tenant: Tenant, unused_tcp_port: int, tmp_path: Path
) -> None:
    chromium = need("chromium")
    issuer = f"{stage.url}/realms/strongroom"
    command = (sys.executable, "-u", "-c", _PROGRAM, issuer, stage.url, str(unused_tcp_port))
    login = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert login.stdout is not None
        url = (await login.stdout.readline()).decode().removeprefix("Opening ").strip()
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = await browser.new_page()
            await page.goto(url)
            await page.get_by_label("API key").fill("not-a-key-of-anybody")
            await page.get_by_role("button", name="Sign in").click()
            await page.get_by_role("alert").wait_for()
            await page.get_by_label("API key").fill(tenant.key)
            await page.get_by_role("button", name="Sign in").click()
            await page.get_by_text("Signed in").wait_for()
            assert page.url.startswith(f"http://127.0.0.1:{unused_tcp_port}/callback?code=")
            await browser.close()
        said = (await asyncio.wait_for(login.stdout.read(), 20)).decode()
    finally:
        if login.returncode is None:
            login.kill()
        await login.wait()
    assert '"refresh_token": "srr_' in said
    assert api_of(tenant).got("/connections") == []
