"""What comes of filling: what a model may be shown, what was done, or why it was not. None of them holds a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import final


class Way(Enum):
    """How a password reaches its site."""

    TYPED = auto()
    """It is typed, last of all, and the form is sent at once: works on every page, whose scripts can read it then."""
    SENT = auto()
    """The page holds the placeholder, and the request that it sends gets the password in passing. For pages that send
    what was typed as it is, in a form or in JSON; their scripts never see it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What to show a model: placeholders by field, the sentence that explains them, and the site they are for."""

    context: str
    placeholders: Mapping[str, str]
    credential: str
    site: str

    def __getitem__(self, field: str) -> str:
        return self.placeholders[field]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What was filled, in order, and where it led. `url` has been looked through for values like everything else."""

    fields: tuple[str, ...]
    url: str


@final
class FillFailed(Exception):
    """It was not filled. `code` is the server's (`fill_other_site`), or empty; the sentence names no value."""

    def __init__(self, sentence: str, *, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code
