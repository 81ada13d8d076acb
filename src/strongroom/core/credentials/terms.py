"""The terms on which a credential's secret may be used, as one digest that its seal is bound to.

What a secret is called, where it may go and on which surfaces: whoever changes one of these in the
database makes the secret unreadable instead of sending it somewhere else. A field that is absent
counts as one that is None, so kinds can grow fields without making older envelopes unreadable.
"""

import hashlib
import json
from typing import Any

from strongroom.core.credentials.credential import Credential
from strongroom.core.fields import to_plain
from strongroom.core.networking import Limited, Site


def terms(credential: Credential) -> str:
    """Return the digest of a credential's terms."""
    networking = credential.networking
    written: dict[str, Any] = {
        "details": _present(to_plain(credential.details)),
        "hosts": networking.hosts.texts() if isinstance(networking, Limited) else None,
        "surfaces": sorted(surface.value for surface in credential.surfaces),
    }
    if isinstance(networking, Site):
        written["site"] = networking.text
    return hashlib.sha256(json.dumps(written, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _present(plain: Any) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(plain, dict):
        return plain
    return {name: _present(value) for name, value in plain.items() if value is not None}
