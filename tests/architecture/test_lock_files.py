"""The lock files pin what the project declares, and say nothing about the machine on which they were made."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")))


def declared(dependencies: list[object]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", entry)[0] for entry in dependencies if isinstance(entry, str)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_file_names_no_place(lock: Path) -> None:
    assert re.findall(r"^.*(?:://|@ |^-|[ =]/).*$", lock.read_text(encoding="utf-8"), re.MULTILINE) == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pin_has_a_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8"))
    assert [entry for entry in entries if PIN.match(entry) and "--hash=sha256:" not in entry] == []


def test_what_the_project_declares_is_pinned() -> None:
    groups = PROJECT["dependency-groups"]
    core = declared(PROJECT["project"]["dependencies"]) | declared(groups["build"])
    assert core - set(pins("core")) == set()
    assert (core | declared(groups["dev"])) - set(pins("dev")) == set()


def test_an_environment_for_tests_also_serves_where_the_smaller_one_is_asked_for() -> None:
    assert pins("core").items() <= pins("dev").items()


def test_the_lock_file_of_npm_packages_names_no_place_to_get_them_from_and_pins_every_one() -> None:
    lock = json.loads((ROOT / "tests" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []
