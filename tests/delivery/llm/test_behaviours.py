import ast
from pathlib import Path

from tests.delivery.llm.behaviours import BEHAVIOURS

HERE = Path(__file__).parent
LEAKS = HERE.parent.parent / "leaks"


def covered() -> set[str]:
    """The ids that `@covers` names on a test anywhere in this folder or among the leaks."""
    found: set[str] = set()
    for file in (*HERE.glob("test_*.py"), *LEAKS.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "covers":
                        found |= {ast.literal_eval(argument) for argument in mark.args}
    return found


def test_every_behaviour_has_a_test_and_every_test_a_behaviour() -> None:
    assert covered() == {behaviour.id for behaviour in BEHAVIOURS}


def test_behaviours_have_ids_of_their_own() -> None:
    ids = [behaviour.id for behaviour in BEHAVIOURS]
    assert ids == sorted(set(ids))
