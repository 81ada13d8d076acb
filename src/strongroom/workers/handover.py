"""What a worker is given by its server: settings, doors, its number, and the root key's passphrase if there is one.

The first admin key stays behind: a worker needs none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

from strongroom.core.secret import Secret
from strongroom.ground import Doors
from strongroom.settings import Settings

_SECRET = {"root_passphrase", "admin_key"}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """All of it."""

    settings: Settings
    doors: Doors
    number: int

    def written(self) -> Mapping[str, object]:
        """Return what goes through the channel, and nowhere else: the passphrase is in it."""
        passphrase = self.settings.root_passphrase
        return {
            # A secret among the settings that is not named above cannot be written, and stops the start.
            "settings": self.settings.model_dump(mode="json", exclude=_SECRET),
            "passphrase": None if passphrase is None else passphrase.reveal(),
            "api": self.doors.api,
            "proxy": self.doors.proxy,
            "number": self.number,
        }

    @classmethod
    def read(cls, words: Mapping[str, Any]) -> Self:
        """Read what a server has written."""
        passphrase = words["passphrase"]
        secret = None if passphrase is None else Secret(passphrase)
        api, proxy = words["api"], words["proxy"]
        return cls(
            settings=Settings.model_validate(words["settings"]).model_copy(update={"root_passphrase": secret}),
            doors=Doors(api=(api[0], api[1]), proxy=(proxy[0], proxy[1])),
            number=words["number"],
        )
