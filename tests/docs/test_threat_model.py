"""Every test that the threat model names is there, so that no guard stands on a test that has gone."""

import re

from tests.needs import ROOT

PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests/)?[\w/]*test_[\w/]*(?:_…|\.py)?|tests/[\w/.]+)`", PAGE)))
FILES = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*")}
TESTS = {
    name for file in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
}


def is_there(name: str) -> bool:
    if name.endswith("_…"):
        return any(test.startswith(name[:-1]) for test in TESTS)
    if name.startswith("tests/") or name.endswith(".py"):
        return any(file == name.rstrip("/") or file.endswith(f"/{name}") for file in FILES)
    return name in TESTS or any(test.startswith(f"{name}_") for test in TESTS)


def test_what_the_threat_model_names_is_there() -> None:
    assert len(NAMED) > 30
    assert [name for name in NAMED if not is_there(name)] == []
