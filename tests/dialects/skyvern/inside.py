"""What lies in the vault: read where it lies, since no answer tells."""

from typing import TypeVar

from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.changes import Changed
from strongroom.core.ids import CredentialId
from strongroom.core.secret import Secret
from tests.dialects.stage import Stage, Tenant

Kind = TypeVar("Kind", bound=Material)


def stored(stage: Stage, tenant: Tenant, credential_id: str, kind: type[Kind]) -> tuple[Credential, Kind]:
    """Return a credential and its material, by a change that changes nothing."""
    services = stage.house.services
    seen: list[tuple[Credential, Material | None]] = []

    def look(credential: Credential, material: Material | None, /) -> Changed:
        seen.append((credential, material))
        return credential, None

    async def looked() -> None:
        principal = await services.authentication.principal(Secret(tenant.key))
        id_ = CredentialId(credential_id)
        vault = (await services.logins.get(principal, id_)).credential.vault
        await services.credentials.update(principal, vault, id_, look, needs_material=True)

    stage.run(looked())
    ((credential, material),) = seen
    assert isinstance(material, kind)
    return credential, material


def texts(fields: object) -> dict[str, str]:
    """Return secrets by name as they are."""
    assert isinstance(fields, dict)
    return {name: secret.reveal() for name, secret in fields.items()}
