"""What can be done, and which scope each action needs."""

from enum import Enum, StrEnum
from typing import final


@final
class Scope(StrEnum):
    """What a key may do. A key made without a choice has every scope but `totp:read`, by which values come back."""

    VAULTS_READ = "vaults:read"
    VAULTS_WRITE = "vaults:write"
    CREDENTIALS_READ = "credentials:read"
    CREDENTIALS_WRITE = "credentials:write"
    ENVIRONMENTS_READ = "environments:read"
    ENVIRONMENTS_WRITE = "environments:write"
    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    ORGANIZATIONS_READ = "organizations:read"
    ORGANIZATIONS_WRITE = "organizations:write"
    AUDIT_READ = "audit:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    LLM_USE = "llm:use"
    TOTP_READ = "totp:read"
    EGRESS = "egress"
    PROVIDER = "provider"


OPERATOR_SCOPES = frozenset({Scope.ORGANIZATIONS_READ, Scope.ORGANIZATIONS_WRITE})
"""Reach beyond one organization; only the operator's organization can hold them."""

PROVIDER_SCOPES = frozenset({Scope.PROVIDER, Scope.CREDENTIALS_WRITE})
"""What a provider token may do, in its own namespace."""
ALL_SCOPES = frozenset(Scope) - {Scope.EGRESS, Scope.PROVIDER}
DEFAULT_SCOPES = ALL_SCOPES - {Scope.TOTP_READ}
"""Without the one by which values come back: one-time codes, and what is typed into the pages of a browser."""
SESSION_SCOPES = frozenset({Scope.EGRESS})


class Action(Enum):
    """An action's name in the audit log and the scope it needs."""

    VAULT_CREATE = ("vault.create", Scope.VAULTS_WRITE)
    VAULT_SETTLE = ("vault.settle", Scope.CREDENTIALS_WRITE)
    VAULT_READ = ("vault.read", Scope.VAULTS_READ)
    VAULT_LIST = ("vault.list", Scope.VAULTS_READ)
    VAULT_UPDATE = ("vault.update", Scope.VAULTS_WRITE)
    VAULT_ARCHIVE = ("vault.archive", Scope.VAULTS_WRITE)
    VAULT_DELETE = ("vault.delete", Scope.VAULTS_WRITE)
    CREDENTIAL_CREATE = ("credential.create", Scope.CREDENTIALS_WRITE)
    CREDENTIAL_READ = ("credential.read", Scope.CREDENTIALS_READ)
    CREDENTIAL_LIST = ("credential.list", Scope.CREDENTIALS_READ)
    CREDENTIAL_UPDATE = ("credential.update", Scope.CREDENTIALS_WRITE)
    CREDENTIAL_ARCHIVE = ("credential.archive", Scope.CREDENTIALS_WRITE)
    CREDENTIAL_DELETE = ("credential.delete", Scope.CREDENTIALS_WRITE)
    CREDENTIAL_MOVE = ("credential.move", Scope.CREDENTIALS_WRITE)
    CREDENTIAL_CODE = ("credential.code", Scope.TOTP_READ)
    CREDENTIAL_USE = ("credential.use", Scope.EGRESS)
    CREDENTIAL_REFRESH = ("credential.refresh", Scope.EGRESS)
    CREDENTIAL_VALIDATE = ("credential.validate", Scope.CREDENTIALS_WRITE)
    CREDENTIAL_REFRESH_TO_VALIDATE = ("credential.refresh_to_validate", Scope.CREDENTIALS_WRITE)
    FOLDER_CREATE = ("folder.create", Scope.CREDENTIALS_WRITE)
    FOLDER_READ = ("folder.read", Scope.CREDENTIALS_READ)
    FOLDER_LIST = ("folder.list", Scope.CREDENTIALS_READ)
    FOLDER_UPDATE = ("folder.update", Scope.CREDENTIALS_WRITE)
    FOLDER_DELETE = ("folder.delete", Scope.CREDENTIALS_WRITE)
    PUSHED_CODE_CREATE = ("pushed_code.create", Scope.CREDENTIALS_WRITE)
    PUSHED_CODE_LIST = ("pushed_code.list", Scope.TOTP_READ)
    CUSTODY_READ = ("custody.read", Scope.VAULTS_READ)
    CUSTODY_CONFIGURE = ("custody.configure", Scope.VAULTS_WRITE)
    ENVIRONMENT_CREATE = ("environment.create", Scope.ENVIRONMENTS_WRITE)
    ENVIRONMENT_READ = ("environment.read", Scope.ENVIRONMENTS_READ)
    ENVIRONMENT_LIST = ("environment.list", Scope.ENVIRONMENTS_READ)
    ENVIRONMENT_UPDATE = ("environment.update", Scope.ENVIRONMENTS_WRITE)
    ENVIRONMENT_ARCHIVE = ("environment.archive", Scope.ENVIRONMENTS_WRITE)
    ENVIRONMENT_DELETE = ("environment.delete", Scope.ENVIRONMENTS_WRITE)
    SESSION_CREATE = ("session.create", Scope.SESSIONS_WRITE)
    SESSION_READ = ("session.read", Scope.SESSIONS_READ)
    SESSION_LIST = ("session.list", Scope.SESSIONS_READ)
    SESSION_UPDATE = ("session.update", Scope.SESSIONS_WRITE)
    SESSION_ARCHIVE = ("session.archive", Scope.SESSIONS_WRITE)
    SESSION_DELETE = ("session.delete", Scope.SESSIONS_WRITE)
    KEY_CREATE = ("key.create", Scope.KEYS_WRITE)
    KEY_LIST = ("key.list", Scope.KEYS_READ)
    KEY_REVOKE = ("key.revoke", Scope.KEYS_WRITE)
    ORGANIZATION_CREATE = ("organization.create", Scope.ORGANIZATIONS_WRITE)
    ORGANIZATION_LIST = ("organization.list", Scope.ORGANIZATIONS_READ)
    AUDIT_READ = ("audit.read", Scope.AUDIT_READ)
    WEBHOOK_CREATE = ("webhook.create", Scope.WEBHOOKS_WRITE)
    WEBHOOK_READ = ("webhook.read", Scope.WEBHOOKS_READ)
    WEBHOOK_LIST = ("webhook.list", Scope.WEBHOOKS_READ)
    WEBHOOK_DELETE = ("webhook.delete", Scope.WEBHOOKS_WRITE)
    WEBHOOK_ROTATE = ("webhook.rotate", Scope.WEBHOOKS_WRITE)
    WEBHOOK_ENABLE = ("webhook.enable", Scope.WEBHOOKS_WRITE)
    WEBHOOK_TEST = ("webhook.test", Scope.WEBHOOKS_WRITE)
    AUTHORIZATION_BEGIN = ("authorization.begin", Scope.CREDENTIALS_WRITE)
    AUTHORIZATION_READ = ("authorization.read", Scope.CREDENTIALS_READ)
    AUTHORIZATION_COMPLETE = ("authorization.complete", Scope.CREDENTIALS_WRITE)
    IDENTITY_KEY_LIST = ("identity_key.list", Scope.ORGANIZATIONS_READ)
    IDENTITY_KEY_ROTATE = ("identity_key.rotate", Scope.ORGANIZATIONS_WRITE)
    PROVIDER_TOKEN_CREATE = ("provider_token.create", Scope.KEYS_WRITE)
    PROVIDER_TOKEN_LIST = ("provider_token.list", Scope.KEYS_READ)
    PROVIDER_TOKEN_REVOKE = ("provider_token.revoke", Scope.KEYS_WRITE)
    PROVIDER_NAMESPACE_JOIN = ("provider_namespace.join", Scope.TOTP_READ)
    PROVIDER_ITEM_SHARE = ("provider_item.share", Scope.TOTP_READ)
    PROVIDER_ITEM_WITHDRAW = ("provider_item.withdraw", Scope.CREDENTIALS_WRITE)
    PROVIDER_ITEM_LIST = ("provider_item.list", Scope.CREDENTIALS_READ)
    PROVIDER_ITEM_READ = ("provider_item.read", Scope.PROVIDER)
    PROVIDER_ITEM_DELETE = ("provider_item.delete", Scope.PROVIDER)
    # What changes or uses a connection is named as its contract names it (barndoor-credentials 5).
    CONNECTION_CREATE = ("connection.created", Scope.CREDENTIALS_WRITE)
    CONNECTION_READ = ("connection.read", Scope.CREDENTIALS_READ)
    CONNECTION_LIST = ("connection.list", Scope.CREDENTIALS_READ)
    CONNECTION_UPDATE = ("connection.updated", Scope.CREDENTIALS_WRITE)
    CONNECTION_ROTATE = ("connection.rotated", Scope.CREDENTIALS_WRITE)
    CONNECTION_DELETE = ("connection.deleted", Scope.CREDENTIALS_WRITE)
    CONNECTION_CHECK = ("connection.check", Scope.CREDENTIALS_WRITE)
    CONNECTION_USE = ("connection.used", Scope.EGRESS)
    PROVIDER_CREATE = ("provider.create", Scope.CREDENTIALS_WRITE)
    PROVIDER_READ = ("provider.read", Scope.CREDENTIALS_READ)
    PROVIDER_LIST = ("provider.list", Scope.CREDENTIALS_READ)
    PROVIDER_UPDATE = ("provider.update", Scope.CREDENTIALS_WRITE)
    PROVIDER_DELETE = ("provider.delete", Scope.CREDENTIALS_WRITE)
    MAPPING_CREATE = ("model_mapping.create", Scope.CREDENTIALS_WRITE)
    MAPPING_LIST = ("model_mapping.list", Scope.CREDENTIALS_READ)
    MAPPING_UPDATE = ("model_mapping.update", Scope.CREDENTIALS_WRITE)
    MAPPING_DELETE = ("model_mapping.delete", Scope.CREDENTIALS_WRITE)
    GATEWAY_KEY_CREATE = ("gateway_key.create", Scope.KEYS_WRITE)
    GATEWAY_KEY_CREATE_OWN = ("gateway_key.create_own", Scope.LLM_USE)
    GATEWAY_KEY_READ = ("gateway_key.read", Scope.KEYS_READ)
    GATEWAY_KEY_LIST = ("gateway_key.list", Scope.KEYS_READ)
    GATEWAY_KEY_UPDATE = ("gateway_key.update", Scope.KEYS_WRITE)
    GATEWAY_KEY_LIMIT = ("gateway_key.limit", Scope.KEYS_WRITE)
    GATEWAY_KEY_REVOKE = ("gateway_key.revoke", Scope.KEYS_WRITE)
    LLM_USAGE_READ = ("llm_usage.read", Scope.KEYS_READ)
    FILL_TOKEN_CREATE = ("fill.token_create", Scope.TOTP_READ)
    FILL_OFFER = ("fill.offer", Scope.TOTP_READ)
    FILL_REDEEM = ("fill.redeem", Scope.TOTP_READ)
    EGRESS_CONNECT = ("egress.connect", Scope.EGRESS)

    def __init__(self, label: str, scope: Scope) -> None:
        self.label = label
        self.scope = scope
