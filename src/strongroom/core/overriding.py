"""`typing.override` for Python 3.11, where the standard library has none yet."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method):  # noqa: ANN001, ANN201 - only type checkers look, and they see the other branch
        """Mark a method that replaces one of a base class; only type checkers look at it."""
        return method


__all__ = ["override"]
