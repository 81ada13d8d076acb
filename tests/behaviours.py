"""Behaviours: what must hold, case by case, and which test shows it. Each surface has its list beside its tests."""

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Behaviour:
    """One thing that must hold."""

    id: str
    sentence: str
    source: str


class Covers(Protocol):
    """Marks a test with the behaviours that it shows."""

    def __call__(self, *ids: str) -> Callable[[Test], Test]:
        """Take the ids of some. An id that the list does not have ends the import."""


def covering(behaviours: Sequence[Behaviour]) -> Covers:
    """Return the mark for tests of these behaviours."""

    def covers(*ids: str) -> Callable[[Test], Test]:
        unknown = set(ids) - {behaviour.id for behaviour in behaviours}
        assert not unknown, unknown

        def marked(test: Test) -> Test:
            return test

        return marked

    return covers


def covered(folders: Iterable[Path]) -> set[str]:
    """The ids that `@covers` names on a test anywhere in these folders."""
    found: set[str] = set()
    for file in (file for folder in folders for file in folder.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "covers":
                        found |= {ast.literal_eval(argument) for argument in mark.args}
    return found
