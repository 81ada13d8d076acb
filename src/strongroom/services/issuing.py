"""Our own issuer: codes and tokens for who holds a key of ours.

The signing keys are of this purpose alone, sealed, and followed by new ones each month. Rules kept here:
- what a token may do is asked of its key when it is made, and again when it is used: revoking the key ends both;
- a code and a refresh token are good for once; one that comes again ends what came of it;
- every token is on record before anybody has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, final

from strongroom.core import sign_in as rules
from strongroom.core.actions import Scope
from strongroom.core.bearers import checked_time
from strongroom.core.failures import NotAuthenticated, NotTaken
from strongroom.core.grants import Person, Principal
from strongroom.core.identity import LIFETIME
from strongroom.core.ids import ACCESS_TOKEN, SIGN_IN, NewId, PrincipalId
from strongroom.core.secret import Secret
from strongroom.core.sign_in import Asked, GrantRefused, OAuthError
from strongroom.core.sources import Clock, Entropy
from strongroom.crypto.identity_keys import IdentityKeys
from strongroom.crypto.signed_tokens import KeySet, SignedToken
from strongroom.crypto.tokens import digest, mint_code, mint_refresh_token, proves, sign_in_of
from strongroom.services.authentication import Authentication
from strongroom.services.gate import Gate
from strongroom.services.identities import IdentityRing
from strongroom.services.known_callers import Caller
from strongroom.services.organizations import OrganizationService
from strongroom.services.sign_in_ports import SignIn, SignIns, Step

KEPT = timedelta(days=30)
"""How long one key signs."""
ISSUED, CONSENTED, REUSED = "token.issued", "sign_in.consented", "sign_in.reused"
_NO_CLIENT = "the client is not known, or its secret is not valid"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """Who a program says it is: an id, and what may be its secret, in the spellings that clients use."""

    id: str
    secrets: tuple[Secret, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a program gets."""

    access_token: Secret
    scope: str
    seconds: int = int(LIFETIME.total_seconds())
    refresh_token: Secret | None = field(default=None)
    id_token: Secret | None = field(default=None)


@final
class Issuing:
    """Use cases of the issuer. Implements `Issued` for the tokens that it has made itself."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        url: str,
        ring: IdentityRing,
        keys: Authentication,
        organizations: OrganizationService,
        sign_ins: SignIns,
        gate: Gate,
        clock: Clock,
        new_id: NewId,
        entropy: Entropy,
    ) -> None:
        self.issuer = url + rules.REALM
        self._audience = url
        self._ring = ring
        self._keys = keys
        self._organizations = organizations
        self._sign_ins = sign_ins
        self._gate = gate
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy

    async def key_set(self) -> Mapping[str, Any]:
        """Return what tokens are verified with. It is public."""
        return (await self._signing()).key_set(self._clock())

    async def caller(self, token: SignedToken) -> Caller:
        """Return whom a token of ours stands for. Raises `NotAuthenticated`."""
        _, keys = await self._ring.now()
        now = self._clock()
        claims = KeySet.of(keys.key_set(now)["keys"]).verified(token)
        if claims.get("aud") != self._audience:
            raise NotAuthenticated(presented=True, why=NotTaken.AUDIENCE)
        ends_at, said = checked_time(claims, now), rules.read_own(claims)
        try:
            holder = await self._keys.holder(said.workspace, PrincipalId(said.key))
        except NotAuthenticated:
            raise NotAuthenticated(presented=True, why=NotTaken.REVOKED) from None
        person = Person(user_id=str(claims["sub"]))
        return Caller(replace(holder, scopes=holder.scopes & said.scopes, person=person), until=ends_at)

    async def for_machine(self, client: Presented, scope: str) -> Tokens:
        """Return a token for the holder of a key: its id and the key itself are the client's id and secret."""
        for secret in client.secrets:
            try:
                principal = await self._keys.principal(secret)
            except NotAuthenticated:
                continue
            if principal.id == client.id:
                scopes = rules.narrowed(scope, principal.scopes)
                return await self._issued(principal, scopes, client=client.id, grant="client_credentials")
        raise GrantRefused(OAuthError.INVALID_CLIENT, _NO_CLIENT)

    async def consented(self, asked: Asked, key: Secret) -> str:
        """Return where to send a person who has shown a key. Raises `NotAuthenticated` and `GrantRefused`."""
        principal, now = await self._keys.principal(key), self._clock()
        scopes, code = rules.narrowed(asked.scope, principal.scopes), mint_code(self._entropy)
        words = [word for word in (rules.OPENID, rules.OFFLINE) if word in asked.scope.split()]
        begun = SignIn(
            id=self._new_id(SIGN_IN),
            workspace=principal.workspace,
            key=principal.id,
            client=rules.CLIENT,
            scopes=scopes,
            words=" ".join(words),
            redirect_uri=asked.redirect_uri,
            challenge=asked.challenge,
            nonce=asked.nonce,
            created_at=now,
            expires_at=now + rules.REFRESH_LIVES,
        )
        await self._gate.observe(principal, CONSENTED, principal.id, {"client": begun.client})
        await self._sign_ins.add(begun, code=digest(code))
        return asked.answer(self.issuer, code=code.reveal())

    async def redeem(self, client: Presented, code: Secret, *, verifier: Secret, redirect_uri: str) -> Tokens:
        """Return the tokens for a code."""
        _require_public(client)
        now = self._clock()
        found = await self._went_on(await self._sign_ins.take(digest(code), at=now))
        if found is None or now >= found.created_at + rules.CODE_LIVES:
            raise GrantRefused(OAuthError.INVALID_GRANT, "the code is not valid, was used already, or came too late")
        if redirect_uri != found.redirect_uri or not proves(verifier, found.challenge):
            raise GrantRefused(OAuthError.INVALID_GRANT, "the code was issued for another redirect_uri or verifier")
        principal = await self._holder(found)
        refresh = None
        if rules.OFFLINE in found.words.split():
            refresh = mint_refresh_token(found.id, self._entropy)
            await self._sign_ins.begin(found.id, refresh=digest(refresh))
        tokens = await self._renewed(principal, found, grant="authorization_code", refresh=refresh)
        if rules.OPENID not in found.words.split():
            return tokens
        said = rules.id_claims(principal, client=found.client, issuer=self.issuer, nonce=found.nonce, now=now)
        return replace(tokens, id_token=(await self._signing()).sign(said, now))

    async def refresh(self, client: Presented, token: Secret) -> Tokens:
        """Return new tokens for a refresh token, another one of that kind among them."""
        _require_public(client)
        sign_in, now = sign_in_of(token), self._clock()
        if sign_in is None:
            raise GrantRefused(OAuthError.INVALID_GRANT, "the refresh token is not valid")
        fresh = mint_refresh_token(sign_in, self._entropy)
        step = await self._sign_ins.rotate(sign_in, expected=digest(token), fresh=digest(fresh), at=now)
        found = await self._went_on(step)
        if found is None:
            raise GrantRefused(OAuthError.INVALID_GRANT, "the refresh token is not valid any more: sign in again")
        return await self._renewed(await self._holder(found), found, grant="refresh_token", refresh=fresh)

    async def _renewed(self, principal: Principal, found: SignIn, *, grant: str, refresh: Secret | None) -> Tokens:
        scopes = found.scopes & principal.scopes
        tokens = await self._issued(principal, scopes, client=found.client, grant=grant)
        return replace(tokens, refresh_token=refresh, scope=rules.written(scopes, *found.words.split()))

    async def _went_on(self, step: Step | None) -> SignIn | None:
        """Return a sign-in that goes on. One that has ended since something came again is reported."""
        if step is None or step.done:
            return None if step is None else step.sign_in
        found = step.sign_in
        if self._clock() < found.expires_at:
            principal = await self._holder(found)
            await self._gate.observe(principal, REUSED, principal.id, {"client": found.client})
        return None

    async def _holder(self, found: SignIn) -> Principal:
        try:
            return await self._keys.holder(found.workspace, found.key)
        except NotAuthenticated:
            await self._sign_ins.end(found.id, at=self._clock())
            raise GrantRefused(OAuthError.INVALID_GRANT, "the key that was signed in with is revoked") from None

    async def _issued(self, principal: Principal, scopes: frozenset[Scope], *, client: str, grant: str) -> Tokens:
        now, token_id = self._clock(), self._new_id(ACCESS_TOKEN)
        keys = await self._signing()
        claims = rules.access_claims(
            principal,
            scopes,
            organization=await self._organizations.uuid_of(principal),
            client=client,
            issuer=self.issuer,
            audience=self._audience,
            token_id=token_id,
            now=now,
        )
        facts = {"client": client, "grant": grant, "scope": claims["scope"]}
        await self._gate.observe(principal, ISSUED, token_id, facts)
        return Tokens(access_token=keys.sign(claims, now), scope=claims["scope"])

    async def _signing(self) -> IdentityKeys:
        """Return the keys, with a new one if the newest is old."""
        envelope, keys = await self._ring.now()
        now = self._clock()
        if now < keys.keys[0].made_at + KEPT:
            return keys
        rotated = keys.rotated(now)
        if await self._ring.replace(rotated, expected=envelope):
            return rotated
        return (await self._ring.now())[1]  # somebody else was first


def _require_public(client: Presented) -> None:
    if client.id != rules.CLIENT or client.secrets:
        raise GrantRefused(OAuthError.INVALID_CLIENT, f"codes are for the client {rules.CLIENT}, which has no secret")
