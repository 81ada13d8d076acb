"""Who this server is in clouds, for whoever sets connections up: its name there, and whether an identity can be used.

What is tried is had issued once and forgotten. An answer is a code and never a cloud's words.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import final

from strongroom.core.credentials.google_service_account import GoogleServiceAccount
from strongroom.core.failures import Invalid
from strongroom.core.llm.checks import GoogleCheck, RoleCheck
from strongroom.core.llm.schemes import Scheme
from strongroom.core.sources import Clock, Spawn
from strongroom.outbound.cloud.clouds import NOBODY, Issuers, impersonated
from strongroom.outbound.cloud.minting import ACQUISITION_SECONDS, Minted, TokenKey, Tokens
from strongroom.outbound.cloud.roles import Role
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused

KNOWN_FOR = timedelta(minutes=10)
"""How long a name is repeated before it is asked for again."""
UNAVAILABLE = "credential_unavailable"
_NAME = TokenKey(connection="", version=0, scheme=Scheme.AWS_ROLE)
_log = logging.getLogger(__name__)


@final
class OwnIdentity:
    """Implements `CloudIdentity`."""

    def __init__(self, *, issuers: Issuers, clock: Clock, monotonic: Callable[[], float], spawn: Spawn) -> None:
        self._issuers = issuers
        self._clock = clock
        self._names = Tokens[str](clock=clock, monotonic=monotonic, spawn=spawn)

    async def aws_principal(self) -> str | None:
        """Return the ARN; None as well where it cannot be found out, of which the log then says more."""
        if not self._issuers.ambient:
            return None
        try:
            return await self._names.get(_NAME, self._named)
        except (CredentialUnavailable, ExchangeRefused) as failure:
            _log.warning("this server's AWS identity cannot be told: %s", failure)
            return None

    async def try_role(self, check: RoleCheck) -> None:
        """Take the role on, and forget it."""
        check.checked()
        self._require_ambient()
        role = Role(
            arn=check.iam_role_arn,
            external_id=check.external_id,
            region=check.region,
            session_name="vault-validation",
        )
        with _told("iam_role_arn", "aws_role_not_assumable"):
            async with asyncio.timeout(ACQUISITION_SECONDS):
                await self._issuers.aws.assume(role)

    async def try_google(self, check: GoogleCheck) -> None:
        """Have a token issued, and forget it."""
        scheme, material, settings = check.read()
        google = self._issuers.google
        with _told("auth_type", "google_identity_not_usable"):
            async with asyncio.timeout(ACQUISITION_SECONDS):
                if isinstance(material, GoogleServiceAccount):
                    await google.of_key(material)
                    return
                self._require_ambient()
                if scheme is Scheme.GOOGLE_IMPERSONATION:
                    await google.of(impersonated(settings))
                else:
                    await google.own()

    def _require_ambient(self) -> None:
        if not self._issuers.ambient:
            raise Invalid(NOBODY, code=UNAVAILABLE)

    async def _named(self) -> Minted[str]:
        return Minted(await self._issuers.aws.arn(), self._clock() + KNOWN_FOR)


@contextmanager
def _told(field: str, code: str) -> Iterator[None]:
    """Say of a cloud's refusal the code and nothing else."""
    try:
        yield
    except ExchangeRefused as refused:
        raise Invalid(f"cannot be used: the cloud answers {refused}", field=field, code=code) from None
    except CredentialUnavailable as unavailable:
        raise Invalid(str(unavailable), code=UNAVAILABLE) from None
    except TimeoutError:
        raise Invalid(f"the cloud did not answer in {ACQUISITION_SECONDS:g} seconds", code=UNAVAILABLE) from None
