"""Logins that are filled in a browser: what a model may see of one, and what takes its place where it is typed.

An offer gives placeholders for one credential on one page. Whoever drives the browser, not the model and not the page,
redeems one when it is typed, and says for which page.

Rules kept here:
- a placeholder is redeemed once, within minutes, by the session that it was offered to, for the site that it was
  offered for, and only if the credential may be filled there and the environment lets the host through;
- session, credential and environment are read anew each time: what has ended, ends here at once;
- a redemption is in the audit log before the value leaves; one for another site is a security event;
- a one-time code comes once, and where it must last for some seconds the caller is told to wait for the next;
- where the site sends the codes, it is the newest that was pushed here, and until it comes the caller is told to wait.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Never, assert_never, final

from strongroom.core.actions import Action
from strongroom.core.credentials import KINDS, Credential
from strongroom.core.credentials.credit_card import CreditCardDetails
from strongroom.core.credentials.named_fields import Field
from strongroom.core.credentials.password import TOTP, PasswordDetails
from strongroom.core.credentials.secret import SecretValueDetails
from strongroom.core.events import STRAYED
from strongroom.core.failures import FillRefused, Invalid, NotFilled, NotFound
from strongroom.core.fill_placeholders import RANDOM_BYTES, mint
from strongroom.core.grants import Denied, Principal, Target, decide
from strongroom.core.ids import SESSION, CredentialId, PrincipalId, SessionId
from strongroom.core.plans import Destination
from strongroom.core.secret import Secret
from strongroom.core.sessions import Session
from strongroom.core.sources import Clock, Entropy
from strongroom.core.websites import Registrable, bound_nowhere, may_fill, origin_of, website_of
from strongroom.crypto.tokens import digest
from strongroom.crypto.totp import code_at
from strongroom.services.arrived_codes import Arrived, ArrivedCodes
from strongroom.services.fill_ports import Claim, Fills, Offered
from strongroom.services.fill_tokens import FillTokenService, over
from strongroom.services.gate import Gate
from strongroom.services.ports import Credentials, Custodian, Custody, Environments, Sessions
from strongroom.services.usage_ports import Use, Uses

LIFETIME = timedelta(minutes=5)
"""How long an offer is good for: a model looks at a page, decides and types within it."""
ASK_AGAIN = 5
"""Seconds after which it is worth looking whether a code has come that a site sends."""
PAGE = "page"
"""The surface of a placeholder that was to be typed, as security events name it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a model may see of a credential on a page: a placeholder for each of its fields, by name."""

    credential: CredentialId
    kind: str
    site: str
    placeholders: Mapping[str, str]
    expires_at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The value of a field, to be typed now; a one-time code with the seconds for which it is the one."""

    field: str
    value: Secret
    seconds_remaining: int | None = None


@final
@dataclass(frozen=True, slots=True)
class NotYet:
    """The next one-time code is the one to take: ask in so many seconds. The placeholder is still good."""

    seconds: int


@final
class FillService:
    """Use cases of filling."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        fills: Fills,
        sessions: Sessions,
        credentials: Credentials,
        environments: Environments,
        custodian: Custodian,
        arrived: ArrivedCodes,
        uses: Uses,
        gate: Gate,
        clock: Clock,
        entropy: Entropy,
        registrable: Registrable,
    ) -> None:
        self._fills = fills
        self._sessions = sessions
        self._credentials = credentials
        self._environments = environments
        self._custodian = custodian
        self._arrived = arrived
        self._uses = uses
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._registrable = registrable
        self.redeemed = 0
        self.refused: Counter[NotFilled] = Counter()
        """How often since the start; whoever exports metrics reads them."""

    async def offer(self, principal: Principal, session: SessionId, credential: CredentialId, url: str) -> Offer:
        """Give out placeholders for a credential's fields on a page.

        Raises `NotFound` for what the session does not hold, and `FillRefused` for a page that is not the right one.
        """
        now = self._clock()
        origin = origin_of(url)
        found = await self._running(principal, Action.FILL_OFFER, session, now)
        held, _ = await self._held(found, credential)
        fields = _fields(held)
        if not fields:
            raise Invalid(f"credential {credential} is of a kind that has nothing to type", field="credential_id")
        await self._require_right_page(principal, Action.FILL_OFFER, found, held, origin)
        facts = {"session": session, "host": origin.host}
        await self._gate.admit(principal, Action.FILL_OFFER, _target(held), facts)
        site = await self._site(origin)
        placeholders = {name: mint(name, self._entropy(RANDOM_BYTES)) for name in fields}
        expires_at = min(now + LIFETIME, found.expires_at)
        await self._fills.add(
            [
                Offered(
                    digest=digest(Secret(placeholder)),
                    session=session,
                    workspace=found.workspace,
                    vault=held.vault,
                    credential=held.id,
                    field=name,
                    site=site,
                    created_at=now,
                    expires_at=expires_at,
                )
                for name, placeholder in placeholders.items()
            ]
        )
        return Offer(credential=held.id, kind=held.kind, site=site, placeholders=placeholders, expires_at=expires_at)

    async def redeem(
        self, principal: Principal, session: SessionId, placeholder: str, url: str, *, lasting: int = 0
    ) -> Filled | NotYet:
        """Return the value of a placeholder that is typed into a page. A code must last for `lasting` seconds.

        Raises `FillRefused` with the reason.
        """
        now = self._clock()
        origin = origin_of(url)
        found = await self._running(principal, Action.FILL_REDEEM, session, now)
        offered = await self._fills.find(session, digest(Secret(placeholder)))
        if offered is None:
            raise await self._refusal(
                principal, Action.FILL_REDEEM, found, NotFilled.UNKNOWN, "the session was offered no such placeholder"
            )
        held, custody = await self._still_held(principal, found, offered)
        if await self._site(origin) != offered.site:
            await self._refuse_site(principal, Action.FILL_REDEEM, found, held, origin)
        await self._require_right_page(principal, Action.FILL_REDEEM, found, held, origin)
        if offered.redeemed_at is not None or now >= offered.expires_at:
            raise await self._spent(principal, found, held, origin, used=offered.redeemed_at is not None)
        sent_to = _sent_to(held) if offered.field == TOTP else None
        arrived = None if sent_to is None else await self._arrived.newest(found, sent_to, now)
        if sent_to is not None and arrived is None:
            return NotYet(ASK_AGAIN)
        facts = {"session": session, "host": origin.host, "field": offered.field}
        granted = await self._gate.admit(principal, Action.FILL_REDEEM, _target(held), facts)
        field: Field | Arrived | None = arrived
        if field is None:
            material = await self._custodian.open(granted, held, custody)
            field = KINDS[held.kind].fields(held.details, material).get(offered.field)
        if field is None:
            sentence = f"credential {held.id} has no field {offered.field} any more"
            raise await self._refusal(principal, Action.FILL_REDEEM, found, NotFilled.UNKNOWN, sentence, held, origin)
        answer = await self._taken(offered, field, lasting, now)
        if answer is None:
            raise await self._spent(principal, found, held, origin, used=True)
        if isinstance(answer, Filled):
            await self._count(found, held, origin, now)
        return answer

    async def _taken(
        self, offered: Offered, field: Field | Arrived, lasting: int, now: datetime
    ) -> Filled | NotYet | None:
        """Redeem the placeholder for what stands in the field now; None if somebody was first."""
        if isinstance(field, Secret):
            claim = await self._fills.claim(offered.digest, at=now)
            return Filled(field=offered.field, value=field) if claim is Claim.MINE else None
        if isinstance(field, Arrived):  # nobody can say when the next one comes, so this one is taken as it is
            code, step, wait = field.code, field.number, ASK_AGAIN
            seconds = int((field.ends - now).total_seconds())
        else:
            code, seconds = code_at(field, now)
            step, wait = int(now.timestamp()) // field.period, seconds
            if seconds < min(lasting, field.period - 1):
                return NotYet(wait)
        claim = await self._fills.claim(offered.digest, at=now, step=step)
        match claim:
            case Claim.MINE:
                return Filled(field=offered.field, value=code, seconds_remaining=seconds)
            case Claim.CODE_USED:
                return NotYet(wait)
            case Claim.USED:
                return None
            case _:
                assert_never(claim)

    async def _running(self, principal: Principal, action: Action, session: SessionId, now: datetime) -> Session:
        """Return the session as it is now. Raises `NotFound` for a session that the caller does not act for."""
        target = Target(name=session, workspace=principal.workspace)
        if isinstance(decide(principal, action, target, now), Denied):
            await self._gate.admit(principal, action, target, {"session": session})  # records it, and raises
        if principal.id.startswith(SESSION) and principal.id != PrincipalId(session):
            raise NotFound("session", session)
        found = await self._sessions.get(principal.workspace, session)
        if over(found, now):
            raise await self._refusal(principal, action, found, NotFilled.SESSION_OVER, f"session {session} has ended")
        return found

    async def _held(self, session: Session, credential: CredentialId) -> tuple[Credential, Custody]:
        for vault in dict.fromkeys(session.vaults):
            held = await self._credentials.held(session.workspace, vault, credential)
            if held is not None:
                return held
        raise NotFound("credential", credential)

    async def _still_held(self, principal: Principal, session: Session, offered: Offered) -> tuple[Credential, Custody]:
        held = None
        if offered.vault in session.vaults:
            held = await self._credentials.held(session.workspace, offered.vault, offered.credential)
        if held is None:
            sentence = f"credential {offered.credential} is archived or gone"
            raise await self._refusal(principal, Action.FILL_REDEEM, session, NotFilled.UNKNOWN, sentence)
        return held

    async def _site(self, origin: Destination) -> str:
        return str(await asyncio.to_thread(website_of, origin, self._registrable))  # the list is read at the first use

    async def _require_right_page(
        self, principal: Principal, action: Action, session: Session, held: Credential, origin: Destination
    ) -> None:
        """Refuse a page that the credential does not belong to, or whose host the environment does not let through."""
        if not await asyncio.to_thread(may_fill, held.networking, origin, self._registrable):
            await self._refuse_site(principal, action, session, held, origin)
        environment = await self._environments.get(session.workspace, session.environment)
        if not environment.policy().covers(origin.host):
            sentence = f"{origin.host} is not allowed by environment {environment.id}, whose hosts are limited"
            raise await self._refusal(principal, action, session, NotFilled.HOST, sentence, held, origin)

    async def _refuse_site(
        self, principal: Principal, action: Action, session: Session, held: Credential, origin: Destination
    ) -> Never:
        """Refuse a page of another site; if a placeholder was about to be typed there, that is a security event."""
        page = f"{origin.scheme}://{origin.authority}"
        why, sentence = NotFilled.OTHER_SITE, f"credential {held.id} does not belong to {page}"
        if bound_nowhere(held.networking):
            why, sentence = (
                NotFilled.NO_SITE,
                f"credential {held.id} is filled nowhere: set its tested_url or hosts",
            )
        refusal = await self._refusal(principal, action, session, why, sentence, held, origin)
        if action is Action.FILL_REDEEM:
            facts: dict[str, str | int] = {"session": session.id, "host": origin.host, "vault": held.vault}
            facts |= {"surface": PAGE, "count": 1, "answer": "refused"}
            await self._gate.observe(principal, STRAYED, held.id, facts)
        raise refusal

    async def _spent(
        self, principal: Principal, session: Session, held: Credential, origin: Destination, *, used: bool
    ) -> FillRefused:
        why, what = (NotFilled.USED, "was used before") if used else (NotFilled.EXPIRED, "has run out")
        sentence = f"the placeholder of credential {held.id} {what}: ask for another offer"
        return await self._refusal(principal, Action.FILL_REDEEM, session, why, sentence, held, origin)

    async def _refusal(  # noqa: PLR0913 - what there is to say of one
        self,
        principal: Principal,
        action: Action,
        session: Session,
        why: NotFilled,
        sentence: str,
        held: Credential | None = None,
        origin: Destination | None = None,
    ) -> FillRefused:
        """Count and record a refusal, and return it to be raised."""
        self.refused[why] += 1
        target = Target(name=session.id, workspace=session.workspace) if held is None else _target(held)
        facts = {"session": session.id} if origin is None else {"session": session.id, "host": origin.host}
        await self._gate.refuse(principal, action, target, reason=why.value, facts=facts)
        return FillRefused(why, sentence)

    async def _count(self, session: Session, held: Credential, origin: Destination, now: datetime) -> None:
        used = Use(
            organization=session.organization,
            workspace=session.workspace,
            session=session.id,
            credential=held.id,
            host=origin.host,
            second=now.replace(microsecond=0),
            count=1,
        )
        await self._uses.add([used])
        self.redeemed += 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """All use cases of filling: who acts for a session, and what is filled."""

    tokens: FillTokenService
    fill: FillService


def _fields(credential: Credential) -> tuple[str, ...]:
    details = credential.details
    fields = details.fields if isinstance(details, PasswordDetails | CreditCardDetails | SecretValueDetails) else ()
    return fields if _sent_to(credential) is None else (*fields, TOTP)


def _sent_to(credential: Credential) -> str | None:
    """Return where the site sends the login's codes."""
    return credential.details.codes_sent_to() if isinstance(credential.details, PasswordDetails) else None


def _target(credential: Credential) -> Target:
    return Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
