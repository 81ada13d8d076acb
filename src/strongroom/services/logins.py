"""Logins, cards and secrets for callers that know no vaults: each workspace has one that is made when first needed.

A login is a credential and what is kept beside it; both are written in one transaction. Who changes one that somebody
else has changed meanwhile gets `Conflict`, and nothing of it is written.
"""

from dataclasses import dataclass, replace
from typing import final

from strongroom.core import proxy_identity
from strongroom.core.actions import Action
from strongroom.core.credentials import Credential, Material, NewCredential
from strongroom.core.credentials.changes import Changed
from strongroom.core.credentials.password import Password, PasswordDetails, TotpType
from strongroom.core.failures import Invalid, NotFound
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import CredentialId, FolderId
from strongroom.core.login_contents import Contents, applied
from strongroom.core.logins import LOGIN_KINDS, Login, LoginChange, StoredLogin, allowed_at
from strongroom.core.proxy_identity import Location
from strongroom.core.sources import Clock, Entropy
from strongroom.core.totp_keys import parsed
from strongroom.core.vaults import Purpose
from strongroom.crypto.totp import Code, code_at
from strongroom.services.credentials import CredentialService
from strongroom.services.gate import Gate
from strongroom.services.login_ports import LoginQuery, Logins
from strongroom.services.ports import Credentials, Custodian
from strongroom.services.vaults import VaultService

HOME = "Logins"
"""What the vault of a workspace's logins is called when it is made."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewLogin:
    """A login to store."""

    name: str
    contents: Contents
    login: Login
    location: Location | None = None
    session: str | None = None
    custodian: str | None = None
    """Who keeps it; None leaves it to the deployment."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A change to a login; without `contents` the secret is not touched. None keeps the name."""

    name: str | None = None
    contents: Contents | None = None
    login: LoginChange


@final
class LoginService:
    """Use cases on logins."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        credentials: CredentialService,
        vaults: VaultService,
        logins: Logins,
        stored: Credentials,
        custodian: Custodian,
        gate: Gate,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._credentials = credentials
        self._vaults = vaults
        self._logins = logins
        self._stored = stored
        self._custodian = custodian
        self._gate = gate
        self._clock = clock
        self._entropy = entropy

    async def create(self, principal: Principal, new: NewLogin) -> StoredLogin:
        """Store a login. Two that look the same are two."""
        home = await self._vaults.home(principal, Purpose.LOGINS, name=HOME)
        details, material = new.contents.beside(None)
        login = replace(new.login, proxy=proxy_identity.first(new.location, new.session, self._session))
        credential = await self._credentials.create(
            principal,
            home.id,
            NewCredential(
                details=details,
                material=material,
                display_name=new.name,
                metadata={},
                networking=allowed_at(login.tested_url),
                surfaces=new.contents.surfaces,
                custodian=new.custodian,
            ),
            login=login,
        )
        return StoredLogin(credential=credential, login=login)

    async def get(self, principal: Principal, credential: CredentialId) -> StoredLogin:
        """Return a login. Raises `NotFound`."""
        await self._gate.admit(principal, Action.CREDENTIAL_READ, _target(principal, credential))
        return await self._logins.get(principal.workspace, credential)

    async def page(self, principal: Principal, query: LoginQuery) -> list[StoredLogin]:
        """Return some, newest first."""
        await self._gate.admit(principal, Action.CREDENTIAL_LIST, _everywhere(principal))
        return await self._logins.page(principal.workspace, query)

    async def change(self, principal: Principal, credential: CredentialId, change: Replacement) -> StoredLogin:
        """Change a login. Raises `NotFound`, and `Conflict` if somebody else was faster."""
        before = await self._found(principal, Action.CREDENTIAL_UPDATE, credential)
        login = change.login.applied(before.login, self._session)

        def changed(known: Credential, material: Material | None, /) -> Changed:
            renewed = None
            if change.contents is not None:
                known, renewed = applied(change.contents, known, material)
            if login.tested_url != before.login.tested_url:
                known = replace(known, networking=allowed_at(login.tested_url))
            name = known.display_name if change.name is None else change.name or None
            return replace(known, display_name=name), renewed

        after = await self._credentials.update(
            principal,
            before.credential.vault,
            credential,
            changed,
            needs_material=change.contents is not None,
            kinds=LOGIN_KINDS,
            login=login,
            expected=before.credential.revision,
        )
        return replace(before, credential=after, login=login)

    async def move(self, principal: Principal, credential: CredentialId, folder: FolderId | None) -> StoredLogin:
        """Put a login into a folder, or into none. Raises `NotFound` for the login, then for the folder."""
        facts = {} if folder is None else {"folder": folder}
        await self._gate.admit(principal, Action.CREDENTIAL_MOVE, _target(principal, credential), facts)
        return await self._logins.move(principal.workspace, credential, folder, self._clock())

    async def delete(self, principal: Principal, credential: CredentialId) -> None:
        """Remove a login with its material. Raises `NotFound`."""
        found = await self._found(principal, Action.CREDENTIAL_DELETE, credential)
        await self._credentials.delete(principal, found.credential.vault, credential, kinds=LOGIN_KINDS)

    async def code(self, principal: Principal, credential: CredentialId) -> Code:
        """Return the current one-time code of a login; each is recorded. The key itself is never returned.

        Raises `NotFound`, and `Invalid` for what has no authenticator.
        """
        vault = (await self._found(principal, Action.CREDENTIAL_CODE, credential)).credential.vault
        target = replace(_target(principal, credential), vault=vault)
        granted = await self._gate.admit(principal, Action.CREDENTIAL_CODE, target, {"vault": vault})
        held = await self._stored.held(principal.workspace, vault, credential)
        if held is None:
            raise NotFound("credential", credential)
        described, custody = held
        details = described.details
        if not isinstance(details, PasswordDetails) or details.totp_type is not TotpType.AUTHENTICATOR:
            raise Invalid("the credential has no authenticator")
        material = await self._custodian.open(granted, described, custody)
        if not isinstance(material, Password) or material.totp is None:
            raise Invalid("the credential has no authenticator key")
        return code_at(parsed(material.totp), self._clock())

    async def _found(self, principal: Principal, action: Action, credential: CredentialId) -> StoredLogin:
        """Return a login on which an action is asked for next; of one that is not there the asking is recorded here."""
        try:
            return await self._logins.get(principal.workspace, credential)
        except NotFound:
            await self._gate.admit(principal, action, _target(principal, credential))
            raise

    def _session(self) -> str:
        return self._entropy(proxy_identity.SESSION_BYTES).hex()


def _target(principal: Principal, credential: CredentialId) -> Target:
    return Target(name=credential, workspace=principal.workspace)


def _everywhere(principal: Principal) -> Target:
    return Target(name="logins", workspace=principal.workspace)
