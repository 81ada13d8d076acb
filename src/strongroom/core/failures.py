"""Everything that can go wrong, said without HTTP, SQL or a vendor's words.

Failure
├── Refused              *you* asked for something that is not allowed
│   ├── Invalid              the input breaks a rule: correct the named field and send it again
│   ├── NotAuthenticated     no key, or one that is wrong, revoked or expired: use another key
│   ├── NotPermitted         the key is good but may not do this: use one with the named scope
│   ├── StrayRefused         a placeholder was sent where it does not belong: send it where it does, or leave it out
│   ├── FillRefused          a login may not be typed into this page, or not with this placeholder: `why` says which
│   ├── NotFound             no such thing for this caller: check the id
│   ├── Conflict             it clashes with something that exists: change that first; waiting does not help
│   ├── TooLarge             the request is over a size limit: send less
│   └── TooMany              a rate limit tripped: wait `retry_after` seconds
├── UpstreamFailure      *they* could not be reached or answered something illegal
│   ├── Unreachable          no connection: check name, network and certificate of the upstream
│   ├── OtherProtocol        it speaks none of the protocols offered: offer another
│   ├── BadReply             the upstream's answer could not be understood or trusted
│   └── CustodianFailed      a vault that keeps a secret for us: look at it, and at how it is set up here
└── Unable               *we* cannot, whoever asks
    ├── Unreadable           sealed bytes do not open: wrong root key, or someone changed the database
    ├── Unavailable          a part we need does not answer: try again later
    └── NotReady             the server cannot start: do what the message says

A message never contains a secret, nor the value that was refused: it names the field and the rule.
"""

from enum import StrEnum
from typing import final


class Failure(Exception):
    """The root; never raised itself."""


class Refused(Failure):
    """The caller asked for something that is not allowed."""


@final
class Invalid(Refused):
    """The input breaks a rule. `field` is its JSON path (`auth.token`), or empty for the whole request.

    `code` is a machine-readable reason where a contract lists one (`environment_archived`).
    """

    def __init__(self, rule: str, *, field: str = "", code: str | None = None) -> None:
        super().__init__(f"{field}: {rule}" if field else rule)
        self.rule = rule
        self.field = field
        self.code = code


class NotTaken(StrEnum):
    """Why a token of an issuer is not taken, as the header `strongroom-refused` says it."""

    MALFORMED = "token_malformed"
    ALGORITHM = "token_algorithm"
    KEY_UNKNOWN = "token_key_unknown"
    SIGNATURE = "token_signature"
    ISSUER = "token_issuer"
    AUDIENCE = "token_audience"
    EXPIRED = "token_expired"
    NOT_YET = "token_not_yet"
    SUBJECT = "token_subject"
    REVOKED = "token_revoked"
    ORGANIZATION_MISSING = "organization_missing"
    ORGANIZATION_AMBIGUOUS = "organization_ambiguous"
    ORGANIZATION_UNKNOWN = "organization_unknown"

    @property
    def sentence(self) -> str:
        """Say it to people. Nothing of the token is repeated."""
        return _NOT_TAKEN[self]


_NOT_TAKEN = {
    NotTaken.MALFORMED: "the token is no signed JSON Web Token",
    NotTaken.ALGORITHM: "the token is signed by an algorithm that is not taken: RS256, ES256 and EdDSA are",
    NotTaken.KEY_UNKNOWN: "the token is signed by a key that its issuer does not show",
    NotTaken.SIGNATURE: "the token's signature is not valid",
    NotTaken.ISSUER: "the token is of an issuer that is not trusted here",
    NotTaken.AUDIENCE: "the token is meant for another audience",
    NotTaken.EXPIRED: "the token has expired",
    NotTaken.NOT_YET: "the token is not valid yet",
    NotTaken.SUBJECT: "the token does not say whose it is",
    NotTaken.REVOKED: "the key that the token was issued for is not valid any more",
    NotTaken.ORGANIZATION_MISSING: "the token names no organization by its id",
    NotTaken.ORGANIZATION_AMBIGUOUS: "the token names several organizations: ask for one that names a single one",
    NotTaken.ORGANIZATION_UNKNOWN: "the token's organization is not known here",
}


@final
class NotAuthenticated(Refused):
    """Nobody we know is calling. `presented` tells a missing key from a wrong one; `why`, what ails a token."""

    def __init__(self, *, presented: bool, why: NotTaken | None = None) -> None:
        if why is not None:
            super().__init__(why.sentence)
        else:
            super().__init__("the key is not valid" if presented else "a key is required")
        self.presented = presented
        self.why = why


@final
class NotPermitted(Refused):
    """The caller is known and may not do this. `why` says what a token lacks."""

    def __init__(self, reason: str, *, why: NotTaken | None = None) -> None:
        super().__init__(reason)
        self.why = why


@final
class StrayRefused(Refused):
    """A live placeholder was sent where it does not belong, and the environment asks for refusal."""


class NotFilled(StrEnum):
    """Why a login is not filled, as the header `strongroom-refused` says it."""

    UNKNOWN = "fill_unknown"
    USED = "fill_used"
    EXPIRED = "fill_expired"
    OTHER_SITE = "fill_other_site"
    NO_SITE = "fill_no_site"
    HOST = "fill_host_not_allowed"
    SESSION_OVER = "fill_session_over"


@final
class FillRefused(Refused):
    """A login may not be typed into this page, or not with this placeholder."""

    def __init__(self, why: NotFilled, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why


@final
class NotFound(Refused):
    """No such thing for this caller; another workspace's things answer the same."""

    def __init__(self, noun: str, id_: str) -> None:
        super().__init__(f"{noun} {id_} not found")
        self.noun = noun


@final
class Conflict(Refused):
    """It clashes with something that exists; repeating the request cannot help.

    `code` is a machine-readable reason where a contract lists one.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


@final
class TooLarge(Refused):
    """The request is over a size limit."""


@final
class TooMany(Refused):
    """A rate limit tripped."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UpstreamFailure(Failure):
    """The other side failed, not the caller and not us."""


@final
class Unreachable(UpstreamFailure):
    """No connection to the upstream."""


@final
class OtherProtocol(UpstreamFailure):
    """The upstream speaks none of the protocols that it was offered."""


@final
class BadReply(UpstreamFailure):
    """The upstream's answer could not be understood or trusted."""


@final
class CustodianFailed(UpstreamFailure):
    """A vault of others does not take a secret, or does not hand it out.

    `custodian` names it. It may not even be `set_up` here, or not any more.
    """

    def __init__(self, custodian: str, what: str, *, set_up: bool = True) -> None:
        super().__init__(f"the vault {custodian}: {what}")
        self.custodian = custodian
        self.set_up = set_up


class Unable(Failure):
    """We cannot do it, whoever asks."""


@final
class Unreadable(Unable):
    """Sealed bytes do not open under the context they are said to belong to."""


@final
class Unavailable(Unable):
    """A part we need (database, key holder) does not answer."""


@final
class NotReady(Unable):
    """The server cannot start. The message is one sentence that says what to do."""
