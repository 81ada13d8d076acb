"""A secret becomes text only in the modules that are listed for it."""

import ast
from fnmatch import fnmatchcase
from functools import cache

from tests.architecture.reveal_sites import REVEAL_SITES
from tests.architecture.source import Module, modules


def reveals(module: Module) -> list[int]:
    """Lines that touch `reveal`, called or handed on (`map(Secret.reveal, …)`, `getattr(secret, "reveal")`)."""
    return [
        node.lineno
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr == "reveal")
        or (isinstance(node, ast.Constant) and node.value == "reveal")
    ]


@cache
def revealing() -> dict[str, list[int]]:
    """The modules that do, each with its lines; found once, for it takes seconds."""
    return {module.name: lines for module in modules() if (lines := reveals(module))}


def test_only_listed_modules_reveal_a_secret() -> None:
    unlisted = {
        name: lines for name, lines in revealing().items() if not any(fnmatchcase(name, site) for site in REVEAL_SITES)
    }
    assert unlisted == {}, "list them in reveal_sites.py with a reason, or better: do without"


def test_every_listed_module_still_reveals() -> None:
    unused = [site for site in REVEAL_SITES if not any(fnmatchcase(name, site) for name in revealing())]
    assert unused == [], "remove them from reveal_sites.py"


def test_a_reveal_is_found_however_it_is_written() -> None:
    source = "a.reveal()\nmap(Secret.reveal, many)\ngetattr(a, 'reveal')()\nrevealed = a.other()\n"
    assert reveals(Module("sample", source)) == [1, 2, 3]
