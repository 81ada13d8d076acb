"""Credentials: what clients send, to core."""

from collections.abc import Mapping
from typing import Any

from strongroom.core.credentials.password import TotpType
from strongroom.core.keeping import KEEP, Keep
from strongroom.core.login_contents import CardContents, Contents, PasswordContents, SecretContents
from strongroom.core.logins import Login, LoginChange
from strongroom.core.secret import Secret
from strongroom.core.totp_keys import normalized
from strongroom.dialects.skyvern import show
from strongroom.dialects.skyvern import wire_credentials as wire
from strongroom.dialects.skyvern.errors import Told
from strongroom.dialects.skyvern.wire import Model
from strongroom.services.logins import NewLogin, Replacement


def new(sent: wire.CreateCredentialRequest) -> NewLogin:
    """Return the login to store. Raises `Invalid` for its authenticator key, and `Told` for what is not supported."""
    contents = _contents(sent.credential)
    _require_no_profile(sent.browser_profile_id)
    return NewLogin(
        name=sent.name,
        contents=contents,
        login=Login(
            tested_url=sent.tested_url,
            auto_profile_disabled=sent.auto_profile_disabled,
            pin_saved_session_ip=sent.pin_saved_session_ip,
        ),
        location=sent.proxy_location,
        session=sent.proxy_session_id,
        custodian=None if sent.vault_type is None else show.custodian(sent.vault_type),
    )


def replacement(sent: wire.CreateCredentialRequest) -> Replacement:
    """Return the change that puts it in the place of what is stored; the vault stays. Raises as above."""
    contents = _contents(sent.credential)
    _require_no_profile(sent.browser_profile_id)
    return Replacement(
        name=sent.name,
        contents=contents,
        login=LoginChange(
            tested_url=sent.tested_url,
            auto_profile_disabled=_if_sent(sent, "auto_profile_disabled"),
            pin_saved_session_ip=_if_sent(sent, "pin_saved_session_ip"),
            location=_sent(sent, "proxy_location"),
            session=_sent(sent, "proxy_session_id"),
            rotate_session=sent.rotate_proxy_session_id,
        ),
    )


def change(sent: wire.UpdateCredentialRequest) -> Replacement:
    """Return the change to what is kept beside a credential. Raises `Told` for what is not supported."""
    if sent.run_sequentially:
        raise Told(400, "run_sequentially is not supported by this server")
    _require_no_profile(sent.browser_profile_id)
    return Replacement(
        name=sent.name,
        login=LoginChange(
            tested_url=sent.tested_url,
            user_context=sent.user_context,
            save_browser_session=sent.save_browser_session_intent,
            auto_profile_disabled=sent.auto_profile_disabled,
            pin_saved_session_ip=sent.pin_saved_session_ip,
            location=_sent(sent, "proxy_location"),
            session=_sent(sent, "proxy_session_id"),
            rotate_session=sent.rotate_proxy_session_id,
            pin_mints=True,
        ),
    )


def _contents(sent: wire.Body) -> Contents:
    match sent:
        case wire.PasswordBody():
            totp = _sent(sent, "totp")
            if sent.totp_type is TotpType.AUTHENTICATOR:
                totp = normalized(sent.totp or Secret(""))
            return PasswordContents(
                username=sent.username,
                password=sent.password,
                totp_type=sent.totp_type,
                totp_identifier=sent.totp_identifier,
                totp=None if totp == Secret("") else totp,
                metadata=_sent(sent, "metadata"),
            )
        case wire.CreditCardBody():
            return CardContents(
                number=sent.card_number,
                cvv=sent.card_cvv,
                exp_month=sent.card_exp_month,
                exp_year=sent.card_exp_year,
                holder_name=sent.card_holder_name,
                brand=sent.card_brand,
                billing_address=_address(sent),
                billing_email=_sent(sent, "billing_email"),
                billing_phone=_sent(sent, "billing_phone"),
                metadata=_sent(sent, "metadata"),
            )
        case wire.SecretBody():
            return SecretContents(value=sent.secret_value, label=sent.secret_label)


def _address(sent: wire.CreditCardBody) -> Mapping[str, Secret | None] | Keep | None:
    if "billing_address" not in sent.model_fields_set:
        return KEEP
    address = sent.billing_address
    return None if address is None else {part: getattr(address, part) for part in address.model_fields_set}


def _sent(sent: Model, field: str) -> Any:  # noqa: ANN401 - of the field's own type
    return getattr(sent, field) if field in sent.model_fields_set else KEEP


def _if_sent(sent: Model, field: str) -> bool | None:
    return getattr(sent, field) if field in sent.model_fields_set else None


def _require_no_profile(profile: str | None) -> None:
    if profile is not None:
        raise Told(400, f"Browser profile not found, browser_profile_id={profile}")
