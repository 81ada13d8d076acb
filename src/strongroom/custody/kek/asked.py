"""What an opener of KEK holders is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

from strongroom.core.secret import Secret
from strongroom.core.sources import Entropy
from strongroom.crypto.passwords import RFC_9106, Costs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class KekAsked:
    """The part of `--root-key` after its scheme, and what there is to open it with."""

    rest: str
    data_dir: Path
    entropy: Entropy
    passphrase: Callable[[], Secret] | None
    create: bool
    costs: Costs = RFC_9106
    """What deriving a *new* key from a passphrase costs; an existing one says so itself."""
