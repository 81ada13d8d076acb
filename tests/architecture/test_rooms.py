"""What a room may import, beyond what the import contracts in pyproject.toml can say."""

import pytest

from tests.architecture.source import Module, is_standard, modules

# Part of the standard library, but not of a pure computation.
IMPURE = {
    "asyncio",
    "concurrent",
    "ctypes",
    "http",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
}

PORTS = (
    "strongroom.services.ports",
    "strongroom.services.authorization_ports",
    "strongroom.services.llm_ports",
    "strongroom.services.llm_use_ports",
    "strongroom.services.llm_cloud",
    "strongroom.services.fill_ports",
    "strongroom.services.sign_in_ports",
    "strongroom.services.oauth_ports",
    "strongroom.services.provider_ports",
    "strongroom.services.webhook_ports",
    "strongroom.services.usage_ports",
    "strongroom.services.login_ports",
    "strongroom.services.custody_ports",
)

# Where an exception is right, and why.
EXCUSED = {
    ("strongroom.core.sources", "asyncio"): "names the type of a task; nothing is run there",
}


def _in(module: Module, room: str) -> bool:
    return module.name == room or module.name.startswith(f"{room}.")


def outsiders(module: Module) -> list[str]:
    """What a file of the core imports and may not. Type checkers may look into `typing_extensions`; no program does."""
    known_to_checkers = {"typing_extensions"} & module.imports_for_types_only()
    return [
        imported
        for imported in module.imports()
        if not (imported == "strongroom.core" or imported.startswith("strongroom.core."))
        and imported not in known_to_checkers
        and (module.name, imported) not in EXCUSED
        and (not is_standard(imported) or imported.split(".")[0] in IMPURE or imported == "urllib.request")
    ]


def test_the_core_imports_only_itself_and_the_pure_part_of_the_standard_library() -> None:
    found = {module.name: bad for module in modules() if _in(module, "strongroom.core") and (bad := outsiders(module))}
    assert found == {}


def test_ports_speak_of_the_core_only() -> None:
    ports = [module for module in modules() if module.name in PORTS]
    assert {module.name for module in ports} == set(PORTS)
    for module in ports:
        ours = [imported for imported in module.imports() if imported.split(".")[0] == "strongroom"]
        assert [name for name in ours if not name.startswith(("strongroom.core", *PORTS))] == []


@pytest.mark.parametrize(
    ("source", "bad"),
    [
        ("import hmac\nfrom strongroom.core.secret import Secret", []),
        ("import pydantic", ["pydantic"]),
        ("def late():\n    from strongroom.crypto import aead", ["strongroom.crypto"]),
        ("from time import monotonic", ["time"]),
        ("from urllib.parse import urlsplit", []),
        ("import urllib.request", ["urllib.request"]),
        ("if TYPE_CHECKING:\n    from typing_extensions import override", []),
        ("from typing_extensions import override", ["typing_extensions"]),
        ("if TYPE_CHECKING:\n    from pydantic import BaseModel", ["pydantic"]),
        ("from strongroom.corela import x", ["strongroom.corela"]),
    ],
)
def test_an_outsider_in_the_core_is_found(source: str, bad: list[str]) -> None:
    assert outsiders(Module("strongroom.core.sample", source)) == bad
