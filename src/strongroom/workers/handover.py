"""What a worker is given by its server: settings, doors, its number, and the secrets among the settings.

The first admin key stays behind: a worker needs none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

from strongroom.assembly.doors import Doors
from strongroom.core.secret import Secret
from strongroom.settings import Settings

_STAYS = "admin_key"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """All of it."""

    settings: Settings
    doors: Doors
    number: int

    def written(self) -> Mapping[str, object]:
        """Return what goes through the channel, and nowhere else: secrets are in it."""
        given = {name: getattr(self.settings, name) for name in type(self.settings).model_fields}
        secrets = {name: value for name, value in given.items() if isinstance(value, Secret)}
        return {
            "settings": self.settings.model_dump(mode="json", exclude={*secrets}),
            "secrets": {name: value.reveal() for name, value in secrets.items() if name != _STAYS},
            "api": self.doors.api,
            "proxy": self.doors.proxy,
            "number": self.number,
        }

    @classmethod
    def read(cls, words: Mapping[str, Any]) -> Self:
        """Read what a server has written."""
        secrets = {name: Secret(text) for name, text in words["secrets"].items()}
        api, proxy = words["api"], words["proxy"]
        return cls(
            settings=Settings.model_validate(words["settings"]).model_copy(update=secrets),
            doors=Doors(api=(api[0], api[1]), proxy=(proxy[0], proxy[1])),
            number=words["number"],
        )
