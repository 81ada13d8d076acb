"""What every test run begins and ends with: which tests did not run, and for want of what."""

import gc
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import hypothesis
import pytest

from tests import depth
from tests.needs import MARK
from tests.nursery import forking

hypothesis.settings.load_profile(depth.USUAL)
gc.disable()  # until all is collected: nothing of that is garbage


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays to the end: the tests, their modules and all libraries."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """End what the tests of this process shared."""
    forking.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each missing component and the tests that it kept from running."""
    skipped: Iterable[pytest.TestReport | pytest.CollectReport] = terminalreporter.getreports("skipped")
    absent = defaultdict[str, list[str]](list)
    for package in _missing_packages():
        absent[package] = []
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        _, found, component = reason.partition(MARK)
        if found:
            absent[component].append(report.nodeid)
    if not absent:
        return
    terminalreporter.section("did not run: missing on this machine")
    for component, tests in absent.items():
        terminalreporter.line(f"{component}: {len(tests)} test{'' if len(tests) == 1 else 's'} did not run")
        for test in tests:
            terminalreporter.line(f"    {test}")


def _missing_packages() -> list[str]:
    """Read what `scripts/system-packages` could not find or install."""
    written = Path(os.environ.get("STRONGROOM_MISSING") or os.devnull)
    return written.read_text(encoding="utf-8").split() if written.is_file() else []
