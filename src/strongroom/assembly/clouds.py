"""What authenticates to clouds, put together: threads for the libraries that block, and our own connections for all."""

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, final

from strongroom.assembly.site import Site
from strongroom.core.hosts import HostSet
from strongroom.edge import Edge
from strongroom.outbound.cloud.asking import Line, Threads
from strongroom.outbound.cloud.clouds import Clouds, Issuers
from strongroom.outbound.cloud.entra import EntraTokens
from strongroom.outbound.cloud.google import GoogleTokens
from strongroom.outbound.cloud.identity import OwnIdentity
from strongroom.outbound.cloud.minting import ACQUISITION_SECONDS
from strongroom.outbound.cloud.roles import AwsIdentity
from strongroom.services.llm_checking import Proves
from strongroom.services.llm_cloud import CloudCredentials
from strongroom.services.llm_ports import CloudIdentity
from strongroom.services.oauth_ports import Control

if TYPE_CHECKING:
    from azure.core.pipeline.transport import AsyncHttpTransport

SIGNING_THREADS = 2
ASKING_THREADS = 8


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAccess:
    """The doors to clouds, and the threads behind them."""

    credentials: CloudCredentials
    proofs: Proves
    identity: CloudIdentity
    threads: tuple[Threads, ...]

    def close(self) -> None:
        """Begin nothing more."""
        for each in self.threads:
            each.close()


def cloud_access(site: Site) -> CloudAccess:
    """Put everything together. Nothing is loaded, and nobody asked, before the first request needs it."""
    return access_over(
        site.outside.custody,
        site.edge,
        ambient=site.settings.ambient_cloud_identity,
        inference_hosts=HostSet.parse(site.settings.cloud_inference_hosts),
    )


def access_over(control: Control, edge: Edge, *, ambient: bool, inference_hosts: HostSet) -> CloudAccess:
    """Put it together over what our own calls are sent with."""
    signing, asking = Threads(SIGNING_THREADS), Threads(ASKING_THREADS)
    line = partial(Line, control, seconds=ACQUISITION_SECONDS)
    issuers = Issuers(
        aws=AwsIdentity(line=line, threads=asking),
        google=GoogleTokens(line=line, threads=asking),
        entra=EntraTokens(transport=lambda: _azure(control)),
        ambient=ambient,
    )
    clock, spawn = edge.clock, edge.spawn
    clouds = Clouds(
        issuers=issuers,
        inference_hosts=inference_hosts,
        threads=signing,
        clock=clock,
        monotonic=time.monotonic,
        spawn=spawn,
    )
    return CloudAccess(
        credentials=clouds,
        proofs=clouds,
        identity=OwnIdentity(issuers=issuers, clock=clock, monotonic=time.monotonic, spawn=spawn),
        threads=(signing, asking),
    )


def _azure(control: Control) -> "AsyncHttpTransport[Any, Any]":
    from strongroom.custody.azure_transport import ControlTransport  # noqa: PLC0415 - an extra

    return ControlTransport(control)
