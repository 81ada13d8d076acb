"""What is kept beside a login, written in the transaction that writes the credential."""

from functools import lru_cache

from sqlalchemy import Connection, bindparam, insert, update

from strongroom.core.credentials import Credential
from strongroom.core.fields import from_plain, to_plain
from strongroom.core.logins import LOGIN_KINDS, Login, searched
from strongroom.core.proxy_identity import GeoTarget, Location, ProxyIdentity
from strongroom.core.vaults import Purpose, Vault
from strongroom.store import login_tables
from strongroom.store.columns import parsed
from strongroom.store.rows import Row

_LOGINS = login_tables.logins
_NAMES = (
    "tested_url",
    "user_context",
    "save_browser_session",
    "auto_profile_disabled",
    "pin_saved_session_ip",
    "proxy_location",
    "proxy_session",
)

_ADD = insert(_LOGINS)
_OF_CREDENTIAL = update(_LOGINS).where(_LOGINS.c.credential_id == bindparam("credential"))
_FIND = _OF_CREDENTIAL.values(search=bindparam("found_by"))
_CHANGE = _FIND.values({name: bindparam(f"new_{name}") for name in _NAMES})


def add_login(credential: Credential, vault: Vault, login: Login | None, connection: Connection) -> None:
    """Add what is kept beside a credential, if its vault is one of logins: a row for each that it holds."""
    if vault.purpose is not Purpose.LOGINS or credential.kind not in LOGIN_KINDS:
        return
    row = {
        "credential_id": credential.id,
        "workspace_id": credential.workspace,
        "created_at": credential.created_at,
        "folder_id": None,
        "search": searched(credential),
    }
    connection.execute(_ADD, row | _written(login or Login()))


def change_login(credential: Credential, login: Login | None, connection: Connection) -> None:
    """Write what is kept beside a credential anew, and what it is found by. Without `login` that alone."""
    if credential.kind not in LOGIN_KINDS:
        return
    parameters = {"credential": credential.id, "found_by": searched(credential)}
    if login is None:
        connection.execute(_FIND, parameters)
        return
    connection.execute(_CHANGE, parameters | {f"new_{name}": value for name, value in _written(login).items()})


def read_login(row: Row) -> Login:
    """Read it; `proxy_location` was selected as text."""
    return Login(
        tested_url=row.tested_url,
        user_context=row.user_context,
        save_browser_session=row.save_browser_session,
        auto_profile_disabled=row.auto_profile_disabled,
        pin_saved_session_ip=row.pin_saved_session_ip,
        proxy=_proxy(row.proxy_location, row.proxy_session),
    )


def _written(login: Login) -> dict[str, object]:
    return {
        "tested_url": login.tested_url,
        "user_context": login.user_context,
        "save_browser_session": login.save_browser_session,
        "auto_profile_disabled": login.auto_profile_disabled,
        "pin_saved_session_ip": login.pin_saved_session_ip,
        "proxy_location": to_plain(login.proxy.location),
        "proxy_session": login.proxy.session,
    }


@lru_cache(maxsize=1024)
def _proxy(location: str, session: str | None) -> ProxyIdentity:
    return ProxyIdentity(location=_location(location), session=session)


def _location(text: str) -> Location | None:
    plain = parsed(text)
    if isinstance(plain, str) or plain is None:
        return plain
    return from_plain(GeoTarget, plain)
