"""The names of things: one type each, so that swapping two is a type error.

An id is its prefix, `01`, and 22 base-62 digits that carry 128 random bits (contract
anthropic-vaults 1.10). Those of logins, cards and secrets, of their folders and codes have decimal digits in their
place, as clients of the other vendor know them (contract skyvern-credentials 3.10), and as many bits. On input nothing
about an id is checked: an unknown one is simply not found.
"""

from collections.abc import Callable
from typing import NewType

OrganizationId = NewType("OrganizationId", str)
WorkspaceId = NewType("WorkspaceId", str)
VaultId = NewType("VaultId", str)
CredentialId = NewType("CredentialId", str)
EnvironmentId = NewType("EnvironmentId", str)
SessionId = NewType("SessionId", str)
KeyId = NewType("KeyId", str)
PrincipalId = NewType("PrincipalId", str)
EntryId = NewType("EntryId", str)
RequestId = NewType("RequestId", str)
WebhookId = NewType("WebhookId", str)
EventId = NewType("EventId", str)
AuthorizationId = NewType("AuthorizationId", str)
FolderId = NewType("FolderId", str)
PushedCodeId = NewType("PushedCodeId", str)
ProviderTokenId = NewType("ProviderTokenId", str)
ItemId = NewType("ItemId", str)
SettingsId = NewType("SettingsId", str)

ORGANIZATION = "org_"
WORKSPACE = "wrkspc_"
VAULT = "vlt_"
CREDENTIAL = "vcrd_"
LOGIN = "cred_"
"""In front of the ids of logins, cards and secrets."""
ENVIRONMENT = "env_"
SESSION = "sesn_"
KEY = "key_"
ENTRY = "aud_"
REQUEST = "req_"
WEBHOOK = "whk_"
EVENT = "whe_"
AUTHORIZATION = "auth_"
FOLDER = "cfld_"
PUSHED_CODE = "totp_"
PROVIDER_TOKEN_ID = "ptok_"  # noqa: S105 - what the ids of such tokens begin with
ITEM = "item_"
SETTINGS = "oat_"
IDENTITY_TOKEN = "idt_"  # noqa: S105 - likewise
ACCESS_TOKEN = "atok_"  # noqa: S105 - likewise
SIGN_IN = "sign_"
USER = "user_"
"""In front of the ids of persons and machines that an issuer of tokens vouches for."""

NewId = Callable[[str], str]
"""Makes a fresh id for a prefix; the real one is in `edge.py`."""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_BYTES = 16
_ID_DIGITS = 22  # 62**22 > 2**128
_DECIMAL_DIGITS = 39  # 10**39 > 2**128
_DECIMAL = frozenset({LOGIN, FOLDER, PUSHED_CODE})


def base62(number: int, width: int) -> str:
    """Write a number in base 62, zero-padded on the left to `width` digits."""
    digits: list[str] = []
    while number:
        number, rest = divmod(number, 62)
        digits.append(DIGITS[rest])
    return "".join(reversed(digits)).rjust(width, "0")


def render(prefix: str, entropy: bytes) -> str:
    """Write an id from 16 random bytes."""
    if prefix in _DECIMAL:
        return f"{prefix}{int.from_bytes(entropy[:ID_BYTES]):0{_DECIMAL_DIGITS}}"
    return f"{prefix}01{base62(int.from_bytes(entropy[:ID_BYTES]), _ID_DIGITS)}"
