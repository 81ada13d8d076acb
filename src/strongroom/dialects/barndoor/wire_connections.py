"""Connections on the wire (contract 2.1 to 2.5)."""

from typing import Any, Literal

from typing_extensions import TypedDict

from strongroom.core.llm.checks import DEFAULT_GOOGLE, GoogleCheck, RoleCheck
from strongroom.core.llm.connections import ConnectionChange, NewConnection
from strongroom.core.llm.sent import Sent
from strongroom.core.secret import Secret
from strongroom.dialects.barndoor.fields import Credentials, Key, Model


def _sent(api_key: Secret | None, credentials: dict[str, Secret] | None) -> Sent:
    return Sent(api_key=api_key, credentials=credentials or {})


class CreateConnectionRequest(Model):
    """A connection to be made."""

    name: str
    model_provider: str
    base_url: str | None = None
    auth_type: str | None = None
    api_key: Key | None = None
    credentials: Credentials | None = None
    settings: Any = None
    change_note: str | None = None

    def read(self) -> NewConnection:
        """Return what it says."""
        return NewConnection(
            name=self.name,
            model_provider=self.model_provider,
            auth_type=self.auth_type,
            base_url=self.base_url,
            settings=self.settings,
            sent=_sent(self.api_key, self.credentials),
            note=self.change_note,
        )


class UpdateConnectionRequest(Model):
    """A change; what is left out or null stays, but for the note, which explains one change only."""

    name: str | None = None
    model_provider: str | None = None
    base_url: str | None = None
    auth_type: str | None = None
    api_key: Key | None = None
    credentials: Credentials | None = None
    settings: Any = None
    change_note: str | None = None

    def read(self) -> ConnectionChange:
        """Return what it says."""
        return ConnectionChange(
            name=self.name,
            model_provider=self.model_provider,
            auth_type=self.auth_type,
            base_url=self.base_url,
            settings=self.settings,
            sent=_sent(self.api_key, self.credentials),
            note=self.change_note,
        )


class AwsRoleValidateRequest(Model):
    """A role to be tried."""

    region: str
    iam_role_arn: str
    external_id: str

    def read(self) -> RoleCheck:
        """Return what it says."""
        return RoleCheck(region=self.region, iam_role_arn=self.iam_role_arn, external_id=self.external_id)


class GoogleVertexValidateRequest(Model):
    """A way to Google's tokens to be tried."""

    project_id: str
    location: str
    auth_type: str | None = None
    model_api_family: str | None = None
    target_service_account: str | None = None
    credentials: Credentials | None = None
    model: str | None = None

    def read(self) -> GoogleCheck:
        """Return what it says."""
        settings = {
            "project_id": self.project_id,
            "location": self.location,
            "model_api_family": self.model_api_family,
            "target_service_account": self.target_service_account,
        }
        return GoogleCheck(
            auth_type=self.auth_type or DEFAULT_GOOGLE,
            settings={name: value for name, value in settings.items() if value is not None},
            sent=_sent(None, self.credentials),
        )


class Validated(TypedDict):
    """It works."""

    ok: Literal[True]


class Attributed(TypedDict):
    """Who made it, who changed it last, and why."""

    created_by_user_id: str
    created_by_email: str | None
    created_by_name: str | None
    last_modified_at: str | None
    last_modified_by_user_id: str | None
    last_modified_by_email: str | None
    last_modified_by_name: str | None
    last_change_note: str | None


class Connection(Attributed):
    """A connection, without anything of its secret but its tail."""

    id: str
    org_id: str
    name: str
    model_provider: str
    auth_type: str
    base_url: str
    settings: dict[str, Any]
    secret_path: str
    stores_key_material: bool
    key_last4: str | None
    created_at: str
    updated_at: str


class Deleted(TypedDict):
    """It is gone."""

    deleted: Literal[True]


class AwsRoleConfig(TypedDict):
    """Whether roles can be taken on at all, and by whom."""

    configured: bool
    principal_arn: str | None


class AwsTrustInfo(TypedDict):
    """What a role's account has to write into its trust policy."""

    principal_arn: str
    external_id: str
