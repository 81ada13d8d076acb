"""From the credentials that a session holds to its plan for one destination. Everything is at hand.

Rules kept here:
- each part of a secret that an agent holds a variable for has a placeholder of its own;
- a one-time code is made from its key at the moment at which it is sent, and the key goes nowhere;
- AWS keys become a signer: their own kind, and two variables of one vault whose names differ only in
  `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, where both may be put into headers here. A third whose name has
  `AWS_SESSION_TOKEN` in that place goes with them. None of these is put in anywhere else;
- a placeholder that is not replaced here is a stray;
- where a session may use some tools of a server only, its credential is kept for the MCP gateway, which looks into
  messages: the egress proxy would be a way round.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import starmap
from typing import final

from strongroom.core.credentials import KINDS, Credential, Material
from strongroom.core.credentials.agent_identity import SignedIdentity
from strongroom.core.credentials.aws_keys import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN
from strongroom.core.credentials.base import WHOLE
from strongroom.core.credentials.mcp_oauth import McpOAuthDetails
from strongroom.core.credentials.named_fields import PUBLIC_FIELDS
from strongroom.core.environments import Environment, StrayPlaceholders
from strongroom.core.identity import ends_at, renew_at
from strongroom.core.ids import CredentialId, VaultId
from strongroom.core.mcp_tools import allowed
from strongroom.core.oauth import due_at
from strongroom.core.placeholders import derive
from strongroom.core.plans import Destination, Placement, Plan, Signer, Swap
from strongroom.core.scrubbing import worth_scrubbing
from strongroom.core.secret import Secret
from strongroom.core.sessions import Session
from strongroom.core.sources import Clock
from strongroom.core.surfaces import Surface
from strongroom.core.totp_keys import TotpKey
from strongroom.crypto.totp import code_at

_KEY_NAME, _SECRET_NAME, _TOKEN_NAME = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"

Here = Sequence[tuple[Credential, Material]]


@final
class Planner:
    """Makes the plans of one session: its seed decides what placeholders are called, its environment what strays do."""

    def __init__(self, session: Session, *, seed: bytes, environment: Environment, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._environment = environment
        self._seed = seed

    def plan(
        self,
        destination: Destination,
        *,
        held: Sequence[Credential],
        here: Here,
        missing: Mapping[CredentialId, str],
        passes_through: bool = False,
    ) -> Plan:
        """Return the plan.

        `held` is all that the session holds, `here` what may be used at the destination, `missing` what might be if
        the vault that keeps it handed it out.
        """
        swaps = [
            self._swap(credential, WHOLE, secret)
            for credential, material in here
            if (secret := material.stand_in()) is not None
        ]
        swaps += self._fields(here)
        signers = [*self._keys(here), *_pairs(here, {swap.credential: swap for swap in swaps})]
        signing = {part.credential for signer in signers for part in signer.parts}
        swaps = [swap for swap in swaps if swap.credential not in signing]
        swapped = {swap.placeholder for swap in swaps}
        return Plan(
            session=self._session.id,
            destination=destination,
            expires_at=self._session.expires_at,
            swaps=tuple(swaps),
            strays={name: each for name, each in self._names(held) if name not in swapped},
            placements=tuple(self._placements(here)),
            vaults={credential.id: credential.vault for credential in held},
            refuses_strays=self._environment.stray_placeholders is StrayPlaceholders.REFUSE,
            passes_through=passes_through,
            renew_at=min(filter(None, starmap(_renew_at, here)), default=None),
            missing=missing,
            signers={signer.access_key_id.placeholder.encode(): signer for signer in signers},
        )

    def name(self, credential: Credential, part: str = WHOLE) -> str:
        """Return the placeholder of a credential, or of a part of it."""
        return derive(self._seed, credential.id, credential.placeholder, part)

    def _names(self, held: Sequence[Credential]) -> Iterator[tuple[str, CredentialId]]:
        """Yield every placeholder that the agent holds."""
        for credential in held:
            for part in credential.variables().values():
                yield self.name(credential, part), credential.id

    def _fields(self, here: Here) -> Iterator[Swap]:
        """Yield what stands for each field of logins, cards and secrets."""
        for credential, material in here:
            for name, field in KINDS[credential.kind].fields(credential.details, material).items():
                if isinstance(field, TotpKey):
                    swap = self._swap(credential, name, Secret(""))
                    yield replace(swap, at_sending=partial(_code, swap, field, self._clock))
                else:
                    scrubbed = name not in PUBLIC_FIELDS and worth_scrubbing(field)
                    yield replace(self._swap(credential, name, field), scrubbed=scrubbed)

    def _placements(self, here: Here) -> Iterator[Placement]:
        for credential, material in here:
            bearer, server = material.bearer(), credential.details.server()
            if bearer is not None and server is not None:
                yield Placement(
                    target=server.target,
                    header="authorization",
                    scheme="Bearer",
                    secret=bearer,
                    marker=self.name(credential),
                    credential=credential.id,
                    vault=credential.vault,
                    ends=_ends(credential, material),
                    renewable=_is_renewable(credential),
                    reserved=allowed(self._session.mcp_tools, server) is not None,
                )

    def _keys(self, here: Here) -> Iterator[Signer]:
        for credential, material in here:
            parts = {part: self._swap(credential, part, secret) for part, secret in material.signing().items()}
            if parts:
                yield Signer(
                    access_key_id=parts[ACCESS_KEY_ID],
                    secret_access_key=parts[SECRET_ACCESS_KEY],
                    session_token=parts.get(SESSION_TOKEN),
                )

    def _swap(self, credential: Credential, part: str, secret: Secret) -> Swap:
        return Swap(
            placeholder=self.name(credential, part),
            secret=secret,
            surfaces=credential.surfaces,
            credential=credential.id,
            vault=credential.vault,
        )


def _code(swap: Swap, key: TotpKey, clock: Clock) -> Swap:
    """Return the swap with the one-time code of this moment in its place. The key itself is never put in."""
    now = clock()
    code, left = code_at(key, now)
    return replace(swap, secret=code, ends=now + timedelta(seconds=left))


def _is_renewable(credential: Credential) -> bool:
    return isinstance(credential.details, McpOAuthDetails) and credential.details.refresh is not None


def _renew_at(credential: Credential, material: Material) -> datetime | None:
    if isinstance(material, SignedIdentity):
        return renew_at(material.signed_at)
    details = credential.details
    return due_at(details) if isinstance(details, McpOAuthDetails) else None


def _ends(credential: Credential, material: Material) -> datetime | None:
    if isinstance(material, SignedIdentity):
        return ends_at(material.signed_at)
    details = credential.details
    if isinstance(details, McpOAuthDetails) and details.lifetime is not None:  # told by the server, which knows
        return details.expires_at
    return None


def _pairs(here: Here, swaps: Mapping[CredentialId, Swap]) -> Iterator[Signer]:
    named: dict[tuple[VaultId, str], Swap] = {
        (credential.vault, name): swaps[credential.id]
        for credential, _ in here
        if credential.id in swaps and Surface.HEADER in credential.surfaces
        for name in credential.variables()
    }
    for (vault, name), key in named.items():
        secret = named.get((vault, name.replace(_KEY_NAME, _SECRET_NAME)))
        if name.count(_KEY_NAME) == 1 and secret is not None:
            token = named.get((vault, name.replace(_KEY_NAME, _TOKEN_NAME)))
            yield Signer(access_key_id=key, secret_access_key=secret, session_token=token)
