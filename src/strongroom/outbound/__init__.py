"""Every connection that an agent or a credential can cause passes here."""

from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.dialer import Dialer

__all__ = ["AddressGuard", "Dialer"]
