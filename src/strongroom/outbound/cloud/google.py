"""Access tokens of Google's: for a service account's key, for this server itself, and for an account in its name.

Everything about tokens is google-auth's; what it sends goes over our own connections. Where a key's JSON would have its
tokens come from is never read: they are Google's (contract 3.1). This server's own identity is found as all of Google's
tools find it (Application Default Credentials); the machine's metadata service is asked directly, and only for that.

The library comes with the extra `strongroom[gcp]`, and is loaded when the first token is asked for.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, final

from strongroom.core.credentials.google_service_account import GoogleServiceAccount
from strongroom.core.failures import Failure
from strongroom.core.secret import Secret
from strongroom.outbound.cloud.asking import Line, Threads
from strongroom.outbound.cloud.minting import Minted
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
IAM_SCOPE = "https://www.googleapis.com/auth/iam"
"""What is needed to act for another account, and no more."""
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - a place
LIFETIME_SECONDS = 3600
MISSING = "install strongroom[gcp] to authenticate to Google"
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonated:
    """An account that this server acts for, and through whom it may."""

    account: str
    delegates: tuple[str, ...] = ()


@final
class GoogleTokens:
    """Has tokens issued. All raise `CredentialUnavailable` and `ExchangeRefused`."""

    def __init__(self, *, line: Callable[[], Line], threads: Threads) -> None:
        self._line = line
        self._threads = threads

    async def of_key(self, key: GoogleServiceAccount) -> Minted[Secret]:
        """Exchange an assertion that a service account's key signs (RFC 7523)."""

        def made(_line: Line) -> "Credentials":
            from google.oauth2.service_account import Credentials as ServiceAccount  # noqa: PLC0415 - an extra

            info = {
                "type": "service_account",
                "client_email": key.client_email.reveal(),
                "private_key": key.private_key.reveal(),
                "private_key_id": None if key.private_key_id is None else key.private_key_id.reveal(),
                "token_uri": TOKEN_URI,
                "universe_domain": "googleapis.com",
            }
            try:
                account: Credentials = ServiceAccount.from_service_account_info(info, scopes=[SCOPE])  # type: ignore[no-untyped-call]
            except (ValueError, TypeError):
                raise CredentialUnavailable("the private key of this service account cannot be read") from None
            return account

        return await self._issued(made, ambient=False)

    async def own(self) -> Minted[Secret]:
        """Have a token issued for this server itself."""
        return await self._issued(lambda line: _default(line, SCOPE), ambient=True)

    async def of(self, whom: Impersonated) -> Minted[Secret]:
        """Have a token issued for an account, in this server's name."""

        def made(line: Line) -> "Credentials":
            from google.auth.impersonated_credentials import Credentials as Impersonating  # noqa: PLC0415 - an extra

            impersonating: Credentials = Impersonating(  # type: ignore[no-untyped-call]
                source_credentials=_default(line, IAM_SCOPE),
                target_principal=whom.account,
                target_scopes=[SCOPE],
                delegates=[f"projects/-/serviceAccounts/{each}" for each in whom.delegates],
                lifetime=LIFETIME_SECONDS,
            )
            return impersonating

        return await self._issued(made, ambient=True)

    async def _issued(self, make: "Callable[[Line], Credentials]", *, ambient: bool) -> Minted[Secret]:
        line = self._line()
        return await self._threads.run(lambda: _issued(line, make, ambient=ambient))


def _default(line: Line, scope: str) -> "Credentials":
    import google.auth  # noqa: PLC0415 - an extra

    from strongroom.outbound.cloud.google_request import requests_over  # noqa: PLC0415 - likewise

    found: Credentials
    found, _ = google.auth.default(scopes=[scope], request=requests_over(line, metadata=True))
    return found


def _issued(line: Line, make: "Callable[[Line], Credentials]", *, ambient: bool) -> Minted[Secret]:
    try:
        from google.auth.exceptions import (  # noqa: PLC0415 - an extra
            DefaultCredentialsError,
            GoogleAuthError,
            RefreshError,
            TransportError,
        )

        from strongroom.outbound.cloud.google_request import requests_over  # noqa: PLC0415 - likewise
    except ImportError:
        raise CredentialUnavailable(MISSING) from None
    try:
        credentials = make(line)
        credentials.refresh(requests_over(line, metadata=ambient))  # type: ignore[no-untyped-call]
        token, expiry = credentials.token, credentials.expiry
    except DefaultCredentialsError:
        raise CredentialUnavailable("this server has no Google identity: see docs/cloud-models.md") from None
    except RefreshError as error:
        if error.retryable:
            raise CredentialUnavailable("Google does not serve tokens now") from None
        raise ExchangeRefused(_code(error.args)) from None
    except TransportError as error:
        cause = error.__cause__
        why = f": {cause}" if isinstance(cause, Failure) else ""
        raise CredentialUnavailable(f"Google's tokens cannot be asked for{why}") from None
    except (GoogleAuthError, KeyError, ValueError, TypeError, AttributeError, OSError):
        raise CredentialUnavailable("Google answered what its own client does not understand") from None
    if not isinstance(token, str) or not token or expiry is None:
        raise CredentialUnavailable("Google answered without a token")
    return Minted(Secret(token), expiry.replace(tzinfo=UTC))


def _code(said: tuple[Any, ...]) -> str:
    """Return the error code of an answer: RFC 6749's `error`, or the status that Google's APIs name."""
    for each in said:
        found = _object(each).get("error")
        if isinstance(found, Mapping):
            found = found.get("status")
        if isinstance(found, str) and _CODE.match(found):
            return found
    return "refused"


def _object(said: object) -> Mapping[str, Any]:
    """Read an answer: the client hands out some read, and some as they came."""
    if isinstance(said, str | bytes):
        try:
            said = json.loads(said)
        except (ValueError, RecursionError):
            return {}
    return said if isinstance(said, Mapping) else {}
