"""A `Granted` is a proof. Only the decision itself makes one."""

import ast

import pytest

from tests.architecture.source import Module, modules

MAKER = "strongroom.core.grants"


def forgeries(module: Module) -> list[int]:
    """Lines that call `Granted(…)`, or import it under a name by which they could."""
    return [
        node.lineno
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Call) and _last_name(node.func) == "Granted")
        or (isinstance(node, ast.ImportFrom) and any(a.name == "Granted" and a.asname for a in node.names))
    ]


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def test_a_granted_is_made_in_one_place_only() -> None:
    found = {module.name: lines for module in modules() if module.name != MAKER and (lines := forgeries(module))}
    assert found == {}


def test_the_decision_makes_a_granted() -> None:
    maker = next(module for module in modules() if module.name == MAKER)
    assert forgeries(maker)


@pytest.mark.parametrize(
    ("source", "forged"),
    [
        ("Granted(principal=p)", True),
        ("grants.Granted(principal=p)", True),
        ("from strongroom.core.grants import Granted as Proof", True),
        ("from strongroom.core.grants import Granted", False),
        ("match answer:\n    case Granted(principal=p): pass", False),
        ("def use(granted: Granted) -> None: ...", False),
    ],
)
def test_a_forged_granted_is_found(source: str, forged: bool) -> None:
    assert bool(forgeries(Module("sample", source))) is forged
