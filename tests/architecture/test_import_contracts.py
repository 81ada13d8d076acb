"""The import contracts hold, and each of them can be broken."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["name"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}

INNER = ("core", "crypto", "services")
OUTER = ("store", "custody", "outbound", "dialects", "delivery", "web", "cli", "testing", "workers", "playwright")
PACKAGES = (*INNER, *OUTER)
PARTS = tuple(path.stem for path in (PACKAGE / "assembly").glob("[a-z]*.py"))
"""The assembly's own contract wants every one of them."""
FILES = (
    "custody_settings",
    "data_dir",
    "edge",
    "event_loop",
    "logs",
    "public_suffixes",
    "server",
    "settings",
    "wiring",
)

# For each contract, the imports that must break it: the importing module, and what it imports.
INWARD = "Imports point inward, from the command line to the core"
OUTSIDE = "Imports point inward, from what touches the outside to the core"
ASSEMBLY = "In the assembly, a part is made of those below it"
BLIND_STORE = "The store cannot open what it keeps"
THROUGH_PORTS = "Use cases and front doors receive store, custody and outbound through ports"
ONLY_PORTS = "What touches the outside knows of the use cases only their ports"
PURE_CORE = "Core is pure: the standard library and nothing else"
LEAVES = "What a process starts with are leaves: edge, settings, logs, the data directory"
FEW_READERS = "Edge, settings, logs and the data directory are for wiring and above"
BESIDE_THE_AGENT = "What drives a browser runs beside the agent: it knows the core and nothing else of the server"
NO_DOUBLES = "The product does not lean on its test doubles"
SQL = "SQL stays in the store"
NO_HTTP = "Use cases and crypto know no HTTP and no wire models"

BREACHES = [
    (INWARD, "services.sample", "strongroom.delivery.other"),
    (INWARD, "dialects.sample", "strongroom.delivery.other"),
    (INWARD, "web.sample", "strongroom.dialects.other"),
    (INWARD, "core.sample", "strongroom.crypto.other"),
    (INWARD, "delivery.sample", "strongroom.wiring"),
    (INWARD, "wiring", "strongroom.server"),
    (INWARD, "wiring", "strongroom.workers.other"),
    (INWARD, "assembly.ground", "strongroom.wiring"),
    (INWARD, "dialects.sample", "strongroom.assembly.site"),
    (OUTSIDE, "outbound.sample", "strongroom.assembly.site"),
    (ASSEMBLY, "assembly.ground", "strongroom.assembly.egress"),
    (ASSEMBLY, "assembly.routing", "strongroom.assembly.llm"),
    (ASSEMBLY, "assembly.egress", "strongroom.assembly.routing"),
    (OUTSIDE, "store.sample", "strongroom.custody.other"),
    (OUTSIDE, "custody.sample", "strongroom.outbound.other"),
    (OUTSIDE, "crypto.sample", "strongroom.store.other"),
    (BLIND_STORE, "store.sample", "strongroom.crypto.other"),
    (BLIND_STORE, "store.sample", "cryptography"),
    (THROUGH_PORTS, "services.sample", "strongroom.store.other"),
    (THROUGH_PORTS, "delivery.sample", "strongroom.outbound.other"),
    (THROUGH_PORTS, "dialects.sample", "strongroom.custody.other"),
    (ONLY_PORTS, "custody.sample", "strongroom.services.other"),
    (PURE_CORE, "core.sample", "pydantic"),
    (PURE_CORE, "core.sample", "strongroom.edge"),
    (LEAVES, "edge", "strongroom.store.other"),
    (LEAVES, "settings", "strongroom.wiring"),
    (FEW_READERS, "delivery.sample", "strongroom.edge"),
    (FEW_READERS, "services.sample", "strongroom.settings"),
    (FEW_READERS, "core.sample", "strongroom.public_suffixes"),
    (BESIDE_THE_AGENT, "playwright.sample", "strongroom.services.other"),
    (BESIDE_THE_AGENT, "playwright.sample", "strongroom.edge"),
    (NO_DOUBLES, "services.sample", "strongroom.testing.other"),
    (SQL, "services.sample", "sqlalchemy"),
    (NO_HTTP, "services.sample", "pydantic"),
]
ALLOWED = [
    ("cli.sample", "strongroom.wiring"),
    ("cli.sample", "strongroom.edge"),
    ("server", "strongroom.wiring"),
    ("server", "strongroom.logs"),
    ("wiring", "strongroom.store.other"),
    ("wiring", "strongroom.settings"),
    ("store.sample", "strongroom.services.ports"),
    ("custody.sample", "strongroom.services.ports"),
    ("custody.sample", "strongroom.crypto.other"),
    ("outbound.sample", "strongroom.services.ports"),
    ("dialects.sample", "pydantic"),
    ("store.sample", "sqlalchemy"),
    ("testing.sample", "strongroom.services.ports"),
    ("playwright.sample", "strongroom.core.other"),
]


LINT_EACH = r"""
import os, sys
from importlinter.cli import lint_imports_command
directories, sys.argv[1:] = sys.argv[1:], ["--no-cache", "--no-logo"]
for directory in directories:
    if os.fork() == 0:
        os.chdir(directory)
        sys.path.insert(0, f"{directory}/src")
        lint_imports_command()
    _, status = os.wait()
    print(f"\0{os.waitstatus_to_exitcode(status)}", end="\0", flush=True)
"""
"""Lints each in a process of its own, once import-linter has been read: that takes longer than to lint with it."""


def lint(*directories: Path) -> list[tuple[int, set[str]]]:
    """Run import-linter in checkouts; return for each its exit code and the contracts that it found broken."""
    ran = subprocess.run(
        [sys.executable, "-P", "-c", LINT_EACH, *map(str, directories)],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )
    answers = ran.stdout.split("\0")[:-1]
    assert len(answers) == 2 * len(directories), ran.stdout + ran.stderr
    return [_read(said, int(code), ran.stderr) for said, code in zip(answers[::2], answers[1::2], strict=True)]


def _read(said: str, code: int, complaint: str) -> tuple[int, set[str]]:
    broken = {name for name in CONTRACTS if re.search(rf"^{re.escape(name)} BROKEN", said, re.MULTILINE)}
    assert code == 0 or broken, said + complaint
    return code, broken


def house(directory: Path, imports: list[tuple[str, str]]) -> Path:
    """Build the empty rooms in a directory, under our contracts, with nothing but these imports in them."""
    package = directory / "src" / "strongroom"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for name in PACKAGES:
        (package / name).mkdir()
        for module in ("__init__", "sample", "other", "ports"):
            (package / name / f"{module}.py").touch()
    (package / "assembly").mkdir()
    for part in ("__init__", *PARTS):
        (package / "assembly" / f"{part}.py").touch()
    for name in FILES:
        (package / f"{name}.py").touch()
    for importer, imported in imports:
        with (package / f"{importer.replace('.', '/')}.py").open("a") as file:
            file.write(f"import {imported}\n")
    (directory / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return directory


def test_the_contracts_hold() -> None:
    assert lint(ROOT) == [(0, set())]


def test_every_room_of_the_product_has_its_place_in_the_contracts() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    files = {path.stem for path in PACKAGE.glob("*.py") if path.stem not in {"__init__", "__main__"}}
    assert rooms <= {*PACKAGES, "assembly"}
    assert files <= set(FILES)


def test_a_house_that_keeps_the_rules_passes(tmp_path: Path) -> None:
    assert lint(house(tmp_path, ALLOWED)) == [(0, set())]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[int, set[str]]]:
    """What is found in a house with one import that breaks a contract, for each such import."""
    imports = [(importer, imported) for _, importer, imported in BREACHES]
    houses = [house(tmp_path_factory.mktemp("house"), [imported]) for imported in imports]
    return dict(zip(imports, lint(*houses), strict=True))


@pytest.mark.parametrize(("contract", "importer", "imported"), BREACHES)
def test_a_breach_is_found(
    found: dict[tuple[str, str], tuple[int, set[str]]], contract: str, importer: str, imported: str
) -> None:
    code, broken = found[importer, imported]
    assert code == 1
    assert contract in broken


def test_every_contract_has_been_seen_to_break() -> None:
    assert {contract for contract, _, _ in BREACHES} == set(CONTRACTS)


def test_the_core_contract_names_every_library_that_the_product_installs() -> None:
    modules = {"argon2-cffi": "argon2", "prometheus-client": "prometheus_client"}
    names = [re.split(r"[\[<>=~! ]", dependency)[0] for dependency in PYPROJECT["project"]["dependencies"]]
    assert {modules.get(name, name) for name in names} <= set(CONTRACTS[PURE_CORE]["forbidden_modules"])
