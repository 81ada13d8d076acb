"""What clients get (contract skyvern-credentials 3.5 and 3.7)."""

from typing import Literal

from typing_extensions import TypedDict


class PasswordShown(TypedDict):
    """Of a login."""

    username: str
    totp_type: Literal["authenticator", "email", "text", "passkey", "none"]
    totp_identifier: str | None
    has_totp: bool


class CreditCardShown(TypedDict):
    """Of a card."""

    last_four: str
    brand: str


class SecretShown(TypedDict):
    """Of another secret."""

    secret_label: str | None


class GeoTargetShown(TypedDict):
    """Where a browser goes out."""

    country: str
    subdivision: str | None
    city: str | None


class CredentialResponse(TypedDict):
    """A credential, without anything secret."""

    credential_id: str
    credential: PasswordShown | CreditCardShown | SecretShown
    credential_type: Literal["password", "credit_card", "secret"]
    name: str
    vault_type: str | None
    browser_profile_id: str | None
    auto_profile_disabled: bool
    pin_saved_session_ip: bool
    tested_url: str | None
    user_context: str | None
    save_browser_session_intent: bool
    run_sequentially: bool
    folder_id: str | None
    proxy_location: str | GeoTargetShown | None
    proxy_session_id: str | None


class CredentialTotpCodeResponse(TypedDict):
    """The current code of a login."""

    code: str
    seconds_remaining: int


class TotpCode(TypedDict):
    """A code that was pushed. Times are in UTC, without saying so."""

    totp_code_id: str
    organization_id: str
    totp_identifier: str
    content: str
    code: str
    otp_type: Literal["totp", "magic_link"] | None
    type: Literal["totp", "magic_link"] | None
    task_id: str | None
    workflow_id: str | None
    workflow_run_id: str | None
    source: str | None
    expired_at: str | None
    created_at: str
    modified_at: str


class PendingTotpCode(TotpCode):
    """A message in which no code was found."""

    status: Literal["raw_pending"]


class CredentialFolder(TypedDict):
    """A folder."""

    folder_id: str
    organization_id: str
    title: str
    description: str | None
    credential_count: int
    created_at: str
    modified_at: str


class DeletedFolder(TypedDict):
    """The answer to the removal of a folder."""

    status: Literal["deleted"]
    folder_id: str
