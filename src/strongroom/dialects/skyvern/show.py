"""Credentials and folders: core to what clients get."""

from datetime import UTC, datetime

from strongroom.core.credentials import Details
from strongroom.core.credentials.credential import OURS
from strongroom.core.credentials.credit_card import CreditCardDetails
from strongroom.core.credentials.password import PasswordDetails
from strongroom.core.credentials.secret import SecretValueDetails
from strongroom.core.logins import Folder, StoredLogin
from strongroom.core.proxy_identity import Location
from strongroom.dialects.skyvern import wire_replies as wire

NATIVE_VAULT = "skyvern"
"""What clients call the vault that is ours."""


def credential(stored: StoredLogin) -> wire.CredentialResponse:
    """Return a credential as it is shown."""
    described, login = stored.credential, stored.login
    return {
        "credential_id": described.id,
        "credential": _shown(described.details),
        "credential_type": described.kind,  # type: ignore[typeddict-item] # one of three, or it would not be here
        "name": described.display_name or "",
        "vault_type": vault_type(described.custodian),
        "browser_profile_id": None,
        "auto_profile_disabled": login.auto_profile_disabled,
        "pin_saved_session_ip": login.pin_saved_session_ip,
        "tested_url": login.tested_url,
        "user_context": login.user_context,
        "save_browser_session_intent": login.save_browser_session,
        "run_sequentially": False,
        "folder_id": stored.folder,
        "proxy_location": _location(login.proxy.location),
        "proxy_session_id": login.proxy.session,
    }


def folder(stored: Folder) -> wire.CredentialFolder:
    """Return a folder as it is shown."""
    return {
        "folder_id": stored.id,
        "organization_id": stored.organization,
        "title": stored.title,
        "description": stored.description,
        "credential_count": stored.logins,
        "created_at": naive(stored.created_at),
        "modified_at": naive(stored.modified_at),
    }


def vault_type(custodian: str) -> str:
    """Return what clients call a custodian."""
    return NATIVE_VAULT if custodian == OURS else custodian


def custodian(type_: str) -> str:
    """Return who is meant."""
    return OURS if type_ == NATIVE_VAULT else type_


def naive(moment: datetime) -> str:
    """Write a moment in UTC without saying so, which is how these clients read it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def _shown(details: Details) -> wire.PasswordShown | wire.CreditCardShown | wire.SecretShown:
    match details:
        case PasswordDetails():
            return {
                "username": details.username,
                "totp_type": details.totp_type.value,
                "totp_identifier": details.totp_identifier,
                "has_totp": details.has_totp,
            }
        case CreditCardDetails():
            return {"last_four": details.last_four, "brand": details.brand}
        case SecretValueDetails():
            return {"secret_label": details.label}
        case _:
            raise TypeError(f"this dialect has no words for the kind {details.tag}")


def _location(location: Location | None) -> str | wire.GeoTargetShown | None:
    if location is None or isinstance(location, str):
        return location
    return {"country": location.country, "subdivision": location.subdivision, "city": location.city}
