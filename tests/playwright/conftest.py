"""A real Chromium, a real server and real websites; one of each for a module, a page for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from strongroom.playwright import Filler
from tests.needs import need
from tests.playwright.house import Vault, running_vault
from tests.playwright.site import Site, running

ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    with running_vault(tmp_path_factory.mktemp("vault")) as running_one:
        yield running_one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=need("chromium"), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context()
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def site() -> Iterator[Site]:
    with running(Site()) as one:
        yield one


@pytest.fixture
def other() -> Iterator[Site]:
    """Another origin, which would like to have what is typed."""
    with running(Site(host="localhost")) as one:
        yield one


@pytest.fixture
def session(vault: Vault) -> tuple[str, str]:
    return vault.session()


@pytest.fixture
def filler(vault: Vault, session: tuple[str, str]) -> Filler:
    return Filler(url=vault.url, session=session[0], token=session[1])


@pytest.fixture
def credential(vault: Vault, site: Site) -> str:
    return vault.login(site.origin)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
