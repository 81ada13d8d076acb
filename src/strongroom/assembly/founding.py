"""What an installation is founded with: made at its first start, and read at every other."""

from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import final

from strongroom import data_dir
from strongroom.assembly.doors import bracketed
from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.core.client_variables import TrustFiles
from strongroom.core.secret import Secret
from strongroom.crypto.identity_keys import IdentityKeys
from strongroom.crypto.tokens import mint_api_key
from strongroom.delivery.egress import CertificateAuthority
from strongroom.outbound import trust
from strongroom.outbound.trust_files import contents, trust_files
from strongroom.services.access import EgressAccess
from strongroom.services.installation import AUTHORITY, IDENTITY_KEYS, TOKEN_KEYS, Installation
from strongroom.services.organizations import OrganizationService


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """The installation's own. `first_key` is there on the very first start only."""

    secret: bytes
    first_key: Secret | None
    organizations: OrganizationService
    authority: CertificateAuthority
    access: EgressAccess


async def founded(site: Site, ground: Ground) -> Founded:
    """Make what is missing, and leave for clients on this machine what they trust."""
    edge, store = site.edge, ground.store
    organizations = OrganizationService(
        tenants=store.tenants, gate=ground.gate, clock=edge.clock, new_id=edge.new_id, entropy=edge.entropy
    )
    installation = Installation(
        sealed=store.sealed,
        tenants=store.tenants,
        organizations=organizations,
        seal=ground.keyring,
        entropy=edge.entropy,
    )
    foundation = await installation.prepare(first_key=partial(_first_key, site))
    authority = CertificateAuthority.load(
        await installation.keep(AUTHORITY, CertificateAuthority.mint(now=edge.clock())), clock=edge.clock
    )
    for purpose in (IDENTITY_KEYS, TOKEN_KEYS):  # what sessions' identities and our own tokens are signed with
        await installation.keep(purpose, IdentityKeys.fresh(edge.clock()).to_bytes())
    files = _write_certificates(site.settings.data_dir.resolve(), site.roots, authority.certificate)
    return Founded(
        secret=foundation.secret,
        first_key=foundation.first_key,
        organizations=organizations,
        authority=authority,
        access=_access(site, files, authority.certificate),
    )


def _first_key(site: Site) -> Secret:
    """Return the first key, which is in its file before anything is made with it: a crash then loses nothing."""
    path = site.settings.data_dir / data_dir.ADMIN_KEY
    key = site.settings.admin_key
    if key is None and path.exists():  # an earlier first start ended half-way
        key = Secret(path.read_text().strip())
    key = key or mint_api_key(site.edge.entropy)
    data_dir.write(path, key.reveal() + "\n")
    return key


def _write_certificates(folder: Path, roots: str, certificate: str) -> TrustFiles:
    """Leave what clients on this machine read: our certificate, and the bundle of it and the system's in each form."""
    data_dir.write(folder / data_dir.CERTIFICATE, certificate)
    files = trust_files(folder)
    for path, content in contents(files, trust.bundle(roots, certificate)).items():
        data_dir.write(path, content)
    return files


def _access(site: Site, files: TrustFiles, certificate: str) -> EgressAccess:
    """Return what sessions are told of how to reach the outside."""
    loopback = ip_address("127.0.0.1")
    return EgressAccess(
        authority=f"{bracketed(site.settings.agent_host)}:{site.doors.proxy[1]}",
        gateway=site.public_url,
        ca_certificate=certificate,
        files=files,
        loopback_through_proxy=any(loopback in network for network in site.settings.egress_allow_private),
    )
