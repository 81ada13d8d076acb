"""What every custodian binds: material and receipts to the place and terms of their credential, permission to both."""

from strongroom.core.binding import Binding
from strongroom.core.credentials import Credential
from strongroom.core.credentials.terms import terms
from strongroom.core.failures import Unreadable
from strongroom.core.grants import Granted


def binding_of(credential: Credential, revision: int, *, elsewhere: str = "") -> Binding:
    """Return what is sealed to: the material's binding, or that of a receipt for what lies `elsewhere`."""
    return Binding(
        organization=credential.organization,
        vault=credential.vault,
        subject=credential.id,
        kind=f"{credential.kind} in {elsewhere}" if elsewhere else credential.kind,
        revision=revision,
        terms=terms(credential),
    )


def require_concerned(granted: Granted, credential: Credential) -> None:
    """Refuse a proof about anything else: whoever passes one has taken a wrong turn in our own code."""
    concerned = (granted.target.name, granted.target.workspace, granted.target.vault)
    if concerned != (credential.id, credential.workspace, credential.vault):
        raise Unreadable("the permission concerns another thing than this credential")
