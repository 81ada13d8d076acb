"""The product's own source, as modules and syntax trees."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "strongroom"


@dataclass(frozen=True)
class Module:
    """One file: its dotted name and what it says."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    def imports(self) -> Iterator[str]:
        """Every module that is imported anywhere in the file, functions and `if TYPE_CHECKING` included."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.module or "."

    def imports_for_types_only(self) -> set[str]:
        """The modules imported under `if TYPE_CHECKING`, which no running program loads."""
        return {
            imported
            for node in ast.walk(self.tree)
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            for inner in node.body
            if isinstance(inner, ast.ImportFrom)
            for imported in [inner.module or "."]
        }


def modules(package: Path = PACKAGE) -> list[Module]:
    """Every Python file of the package, sorted by name."""
    return sorted(
        (Module(_name(path, package), path.read_text(encoding="utf-8")) for path in package.rglob("*.py")),
        key=lambda module: module.name,
    )


def is_standard(imported: str) -> bool:
    return imported.partition(".")[0] in sys.stdlib_module_names


def _name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
