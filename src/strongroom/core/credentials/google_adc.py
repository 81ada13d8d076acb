"""The identity that Google's cloud gives to this server (Application Default Credentials); nothing is kept."""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.connection import ConnectionDetails, ConnectionMaterial


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleAdcDetails(ConnectionDetails):
    """Where it goes."""

    tag: ClassVar[str] = "google_adc"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleAdc(ConnectionMaterial):
    """Nothing: the identity is the machine's."""

    tag: ClassVar[str] = "google_adc"


GOOGLE_ADC = Kind(tag=GoogleAdc.tag, details=GoogleAdcDetails, material=GoogleAdc)
