"""What is kept of a login beside the credential: for the browser that signs in with it, and for whoever looks for it.

None of it is secret, and none of it is part of what the seal is bound to.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar, final

from strongroom.core import proxy_identity
from strongroom.core.credentials import Credential, Details
from strongroom.core.credentials.credit_card import CreditCardDetails
from strongroom.core.credentials.password import PasswordDetails
from strongroom.core.credentials.secret import SecretValueDetails
from strongroom.core.failures import Invalid
from strongroom.core.ids import FolderId, OrganizationId, WorkspaceId
from strongroom.core.keeping import KEEP, Keep
from strongroom.core.networking import NOWHERE, Networking, Site
from strongroom.core.proxy_identity import Location, NewSession, ProxyIdentity

T = TypeVar("T")

LOGIN_KINDS = frozenset({"password", "credit_card", "secret"})
"""The kinds that a person would type somewhere."""

BETWEEN = "\x1f"
"""Stands between the texts that are searched, so that nothing is found across two of them."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What is kept beside the credential. `tested_url` is the page where it signs in."""

    tested_url: str | None = None
    user_context: str | None = None
    save_browser_session: bool = False
    auto_profile_disabled: bool = False
    pin_saved_session_ip: bool = False
    proxy: ProxyIdentity = field(default_factory=ProxyIdentity)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLogin:
    """A credential, what is kept beside it, and the folder that it is in."""

    credential: Credential
    login: Login
    folder: FolderId | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LoginChange:
    """A change to what is kept beside a credential; None keeps, except in the proxy's identity, where it clears.

    With `pin_mints` a pinned address without a session gets one (contract skyvern-credentials 5.4).
    """

    tested_url: str | None = None
    user_context: str | None = None
    save_browser_session: bool | None = None
    auto_profile_disabled: bool | None = None
    pin_saved_session_ip: bool | None = None
    location: Location | Keep | None = KEEP
    session: str | Keep | None = KEEP
    rotate_session: bool = False
    pin_mints: bool = False

    def applied(self, before: Login, new_session: NewSession) -> Login:
        """Return the login after the change."""
        proxy = proxy_identity.changed(
            before.proxy,
            location=self.location,
            session=self.session,
            rotate=self.rotate_session,
            new_session=new_session,
        )
        if self.pin_mints and self.pin_saved_session_ip and proxy.session is None:
            proxy = proxy_identity.first(proxy_identity.ISP, None, new_session)
        return Login(
            tested_url=_or(self.tested_url, before.tested_url),
            user_context=_or(self.user_context, before.user_context),
            save_browser_session=_or(self.save_browser_session, before.save_browser_session),
            auto_profile_disabled=_or(self.auto_profile_disabled, before.auto_profile_disabled),
            pin_saved_session_ip=_or(self.pin_saved_session_ip, before.pin_saved_session_ip),
            proxy=proxy,
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder of logins. Deleting one deletes none of them."""

    id: FolderId
    organization: OrganizationId
    workspace: WorkspaceId
    title: str
    description: str | None
    created_at: datetime
    modified_at: datetime
    logins: int = 0
    """How many live ones are in it."""


def searched(credential: Credential) -> str:
    """Return the text that a search looks into: what a list shows of a login, in one case."""
    texts = [credential.display_name, *_shown(credential.details)]
    return BETWEEN.join(folded(text) for text in texts if text)


def folded(text: str) -> str:
    """Return a text as it is compared in searches: case does not matter, and it cannot reach across two texts."""
    return text.casefold().replace(BETWEEN, " ")


def _shown(details: Details) -> tuple[str | None, ...]:
    match details:
        case PasswordDetails():
            return (details.username,)
        case CreditCardDetails():
            return (details.brand, details.last_four)
        case SecretValueDetails():
            return (details.label,)
        case _:
            return ()


def allowed_at(tested_url: str | None) -> Networking:
    """Return where a login may be used: at the site whose page it was tried on, else nowhere."""
    try:
        return NOWHERE if tested_url is None else Site.parse(tested_url)
    except Invalid:  # it is a note for people as well, so it need not be a URL
        return NOWHERE


def _or(sent: T | None, stored: T) -> T:
    return stored if sent is None else sent
