"""Credential kinds, one file each. To add a kind, write its file and one line in `KINDS`.

A kind is two classes: `details`, what anyone who may list the credential sees, and `material`, the
fields that are secret. Storing, sealing, masking and the command line derive from their field types.
"""

from strongroom.core.credentials.agent_identity import AGENT_IDENTITY
from strongroom.core.credentials.api_key import API_KEY
from strongroom.core.credentials.aws_keys import AWS_KEYS
from strongroom.core.credentials.aws_role import AWS_ROLE
from strongroom.core.credentials.azure_entra import AZURE_ENTRA
from strongroom.core.credentials.base import Details, Kind, Material
from strongroom.core.credentials.bedrock_api_key import BEDROCK_API_KEY
from strongroom.core.credentials.bedrock_keys import BEDROCK_KEYS
from strongroom.core.credentials.credential import Credential
from strongroom.core.credentials.credit_card import CREDIT_CARD
from strongroom.core.credentials.environment_variable import ENVIRONMENT_VARIABLE
from strongroom.core.credentials.google_adc import GOOGLE_ADC
from strongroom.core.credentials.google_impersonation import GOOGLE_IMPERSONATION
from strongroom.core.credentials.google_service_account import GOOGLE_SERVICE_ACCOUNT
from strongroom.core.credentials.mcp_oauth import MCP_OAUTH
from strongroom.core.credentials.new import NewCredential
from strongroom.core.credentials.oauth_passthrough import OAUTH_PASSTHROUGH
from strongroom.core.credentials.password import PASSWORD
from strongroom.core.credentials.secret import SECRET
from strongroom.core.credentials.static_bearer import STATIC_BEARER

KINDS: dict[str, Kind] = {
    kind.tag: kind
    for kind in (
        MCP_OAUTH,
        STATIC_BEARER,
        ENVIRONMENT_VARIABLE,
        AWS_KEYS,
        AGENT_IDENTITY,
        PASSWORD,
        CREDIT_CARD,
        SECRET,
        API_KEY,
        AWS_ROLE,
        BEDROCK_API_KEY,
        BEDROCK_KEYS,
        GOOGLE_ADC,
        GOOGLE_SERVICE_ACCOUNT,
        GOOGLE_IMPERSONATION,
        AZURE_ENTRA,
        OAUTH_PASSTHROUGH,
    )
}

CAPPED = frozenset(tag for tag, kind in KINDS.items() if kind.capped)

__all__ = ["CAPPED", "KINDS", "Credential", "Details", "Kind", "Material", "NewCredential"]
