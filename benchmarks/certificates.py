"""A throwaway authority and the upstream's certificate (ECDSA P-256, as our own leaves are)."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

import trustme


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files: the authority that everybody who speaks to the upstream must trust, and what the upstream serves with."""

    authority: Path
    upstream: Path


def issue(name: str, directory: Path) -> Certificates:
    """Make both in `directory`."""
    authority = trustme.CA()
    issued = Certificates(authority=directory / "authority.pem", upstream=directory / "upstream.pem")
    authority.cert_pem.write_to_path(issued.authority)
    authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(issued.upstream)
    return issued
