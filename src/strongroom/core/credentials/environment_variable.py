"""A secret that an agent holds as a variable: its placeholder is replaced on the way out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import WHOLE, Kind
from strongroom.core.failures import Invalid
from strongroom.core.secret import Secret

MAX_NAME = 255
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED = re.compile(r"(?:PATH|BASH_ENV|ENV|IFS|PYTHONPATH|NODE_OPTIONS|LD_.*|DYLD_.*)\Z", re.DOTALL)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentVariableDetails:
    """The variable's name; case matters."""

    tag: ClassVar[str] = "environment_variable"
    secret_name: str

    def unique_key(self) -> str:
        """One credential per variable name and vault."""
        return f"env:{self.secret_name}"

    def variables(self, _named: str, /) -> Mapping[str, str]:
        """The one of the secret's name."""
        return {self.secret_name: WHOLE}

    def server(self) -> None:
        """Never added to requests by itself."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentVariable:
    """The variable's real value."""

    tag: ClassVar[str] = "environment_variable"
    value: Secret

    def stand_in(self) -> Secret:
        """The value itself."""
        return self.value

    def bearer(self) -> None:
        """Never sent by itself."""

    def signing(self) -> Mapping[str, Secret]:
        """Signs nothing by itself; `services/planner.py` knows names that belong together."""
        return {}


def checked_secret_name(name: str, *, field: str) -> str:
    """Return a usable variable name; raises `Invalid` for others and for those that steer loaders and shells."""
    if len(name) > MAX_NAME or not _NAME.match(name):
        raise Invalid(f"must be letters, digits and '_', not begin with a digit, at most {MAX_NAME}", field=field)
    if _RESERVED.match(name):
        raise Invalid("must not be a name that shells or loaders act on", field=field)
    return name


ENVIRONMENT_VARIABLE = Kind(
    tag=EnvironmentVariable.tag, details=EnvironmentVariableDetails, material=EnvironmentVariable, capped=True
)
