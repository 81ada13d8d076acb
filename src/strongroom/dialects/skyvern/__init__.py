"""The Skyvern credentials surface: website logins, cards and secrets for browser agents, and their one-time codes.

It returns no secrets, with one exception that needs a scope of its own: the current code of a login. Normative is the
contract; section numbers in this folder are its own.
"""

from strongroom.dialects.dialect import Dialect
from strongroom.dialects.door import Door
from strongroom.dialects.options import Options
from strongroom.dialects.skyvern.conventions import MANNER, SkyvernConventions
from strongroom.dialects.skyvern.paths import PREFIXES, Paths
from strongroom.dialects.skyvern.routes_codes import CodeRoutes
from strongroom.dialects.skyvern.routes_credentials import CredentialRoutes
from strongroom.dialects.skyvern.routes_custody import CustodyRoutes
from strongroom.dialects.skyvern.routes_folders import FolderRoutes
from strongroom.dialects.skyvern.routes_unsupported import add_unsupported
from strongroom.services.catalogue import Services


def build(services: Services, options: Options) -> Door:
    """Return the application."""
    door = Door(
        title="Strongroom: Skyvern-compatible credentials",
        authentication=services.authentication,
        idempotency=services.idempotency,
        conventions=SkyvernConventions(),
        new_id=options.new_id,
        rates=options.rates,
        manner=MANNER,
    )
    paths = Paths(door.router)
    add_unsupported(paths)
    CodeRoutes(codes=services.pushed_codes).add_to(paths)
    CustodyRoutes(settings=services.provider_settings).add_to(paths)
    CredentialRoutes(logins=services.logins).add_to(paths)
    FolderRoutes(folders=services.folders).add_to(paths)
    return door


SKYVERN = Dialect(name="skyvern", prefixes=PREFIXES, build=build, base="/skyvern")
