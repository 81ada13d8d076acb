"""Take the picture of docs/browser-agents.md: a page that shows what its own scripts heard of a login.

python -m tests.playwright.picture docs/images/browser-agents.png
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from strongroom.playwright import Filler, Way
from tests.playwright.conftest import ARGUMENTS
from tests.playwright.house import running_vault
from tests.playwright.site import Site, login_form, page, running

EAR = """
<h2>What the scripts of this page heard</h2><pre id=ear></pre>
<style>body { max-width: none } form { max-width: 24em } pre { font: 13px monospace; white-space: pre-wrap }</style>
<script>
  document.addEventListener("input", (event) => {
    ear.textContent += `input of "${event.target.name}": ${event.target.value}\\n`;
  }, true);
  document.addEventListener("submit", (event) => {
    const sent = [...new FormData(event.target)].map((pair) => pair.join("=")).join("&");
    ear.textContent += `submit: ${sent}\\n`;
    sessionStorage.heard = ear.textContent;
  }, true);
</script>
"""
WELCOME = page("<h1>Welcome, Ada</h1>") + EAR + "<script>ear.textContent = sessionStorage.heard ?? ''</script>"


def main(path: str) -> None:
    with tempfile.TemporaryDirectory() as folder, running_vault(Path(folder)) as vault, running(Site()) as site:
        site.pages = {"/login": login_form() + EAR, "/welcome": WELCOME}
        site.second_step = "/welcome"
        session, token = vault.session()
        filler = Filler(url=vault.url, session=session, token=token)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
            opened = browser.new_page(viewport={"width": 880, "height": 240})
            opened.goto(f"{site.origin}/login")
            filler.fill_login(opened, vault.login(site.origin, totp=False), way=Way.SENT)
            opened.wait_for_url("**/welcome")
            opened.screenshot(path=path)
            browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
