"""Becomes a client of an authorization server: a given one, our document, or a registration, in this order."""

from dataclasses import dataclass
from typing import final

from strongroom.core.discovery import Issuer
from strongroom.core.failures import BadReply, Invalid, NotPermitted, Unreachable
from strongroom.core.registration import Client, given_client, read_registration, registration
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock
from strongroom.services.oauth_ports import Control

STEP = "registering a client"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A client that the caller has registered by hand."""

    id: str
    secret: Secret | None = None


@final
class Registering:
    """`document` is the URL of the document about us, where the public can read one."""

    def __init__(self, *, control: Control, clock: Clock, document: str | None) -> None:
        self._control = control
        self._clock = clock
        self._document = document

    def knows_a_way(self, issuer: Issuer, *, redirect: str | None) -> bool:
        """Tell whether nobody has to register us by hand there."""
        by_document = issuer.takes_documents and self._document is not None and redirect is not None
        return by_document or issuer.registration_endpoint is not None

    async def client(
        self, issuer: Issuer, given: Given | None, *, redirect: str | None, loopback: bool, scope: str | None
    ) -> Client:
        """Return who we are there; without a `redirect`, as a device. Raises `NotPermitted` and `UpstreamFailure`."""
        if given is not None:
            return given_client(issuer, given.id, given.secret)
        if issuer.takes_documents and self._document is not None and redirect is not None:
            return given_client(issuer, self._document, None)
        if issuer.registration_endpoint is None:
            raise BadReply(
                f"the authorization server {issuer.name} registers nobody by itself: register a client there by hand "
                "and give its --client-id"
            )
        call = registration(issuer, issuer.registration_endpoint, redirect=redirect, loopback=loopback, scope=scope)
        try:
            reply = await self._control.send(call)
        except NotPermitted as refused:
            raise NotPermitted(f"{STEP}: {refused}") from None
        except Unreachable as failure:
            raise Unreachable(f"{STEP}: {failure}") from None
        except BadReply as failure:
            raise BadReply(f"{STEP}: {failure}") from None
        return read_registration(reply, issuer, now=self._clock())


def given(id_: str | None, secret: Secret | None) -> Given | None:
    """Return the client that a caller named, if one. Raises `Invalid` for a secret without a client."""
    if id_ is None and secret is not None:
        raise Invalid("belongs to a client: give its id too", field="client_secret")
    return None if id_ is None else Given(id=id_, secret=secret)
