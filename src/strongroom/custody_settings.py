"""Where secrets may lie that are not kept by us: the settings of other vaults, a part of `Settings`.

What names a place is checked when it is used, as an organization's own settings are: these may name services that are
not there yet.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from strongroom.core.credentials.credential import OURS
from strongroom.core.custodians import NAMES
from strongroom.core.secret import Secret

_Filled = Annotated[str, Field(min_length=1)]


def secret(text: object) -> object:
    """Wrap a secret setting."""
    if not isinstance(text, str):
        return text
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):  # bytes that were no UTF-8
        raise PydanticCustomError("strongroom", "{rule}", {"rule": "must be text (UTF-8)"})
    return Secret(text)


def _known(name: str) -> str:
    if name not in NAMES:
        raise PydanticCustomError("strongroom", "{rule}", {"rule": f"must be one of {', '.join(NAMES)}"})
    return name


def _path(given: Any) -> Any:  # noqa: ANN401 - a validator takes what comes
    return Path(given).expanduser() if isinstance(given, str) else given


_Secret = Annotated[Secret | None, BeforeValidator(secret)]


class CustodySettings(BaseModel):
    """The settings of custodians."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    default_custodian: Annotated[str, AfterValidator(_known)] = OURS
    """Who keeps a login, card or secret whose creation does not say it."""
    custom_credential_api_base_url: _Filled | None = None
    """A service that speaks Skyvern's contract for custom credential services, for all organizations."""
    custom_credential_api_token: _Secret = None
    """The token that it asks for."""
    bitwarden_url: _Filled | None = None
    """Where `bw serve` answers."""
    bitwarden_master_password: _Secret = None
    """What unlocks it, for all organizations."""
    bitwarden_organization_id: _Filled | None = None
    """Bitwarden's organization that items go to, in a collection for each of ours; else the account itself."""
    azure_vault: _Filled | None = None
    """A key vault: its name in the public cloud, or its URL."""
    azure_authority: _Filled | None = None
    """Who says who we are, where that is not the public cloud's."""
    azure_tenant_id: _Filled | None = None
    azure_client_id: _Filled | None = None
    azure_client_secret: _Secret = None
    """An application that may read and write secrets, for all organizations."""
    gcp_project_id: _Filled | None = None
    """A project whose Secret Manager is used."""
    gcp_key_file: Annotated[Path | None, BeforeValidator(_path)] = None
    """The JSON key of a service account that may read and write secrets."""
    gcp_prefix: _Filled = "strongroom-"
    """What the names of its secrets begin with."""
    gcp_endpoint: _Filled | None = None
    """Where Secret Manager answers, if not at the public name."""
    aws_region: _Filled | None = None
    """The region whose Secrets Manager is used."""
    aws_access_key_id: _Filled | None = None
    aws_secret_access_key: _Secret = None
    aws_session_token: _Secret = None
    aws_prefix: _Filled = "strongroom/"
    """What the names of its secrets begin with."""
    aws_endpoint: _Filled | None = None
    """Where Secrets Manager answers, if not at the public name."""
    openbao_url: _Filled | None = None
    """An OpenBao or Vault server."""
    openbao_token: _Secret = None
    openbao_mount: _Filled = "secret"
    """Its key/value engine, version 2."""
    openbao_prefix: _Filled = "strongroom"
    """The path under which items lie."""
    openbao_namespace: _Filled | None = None
