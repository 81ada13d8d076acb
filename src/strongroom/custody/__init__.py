"""Where material lies: with us, sealed, or in somebody else's vault. One file and one line each."""

from strongroom.custody.aws import AwsVault
from strongroom.custody.azure import AzureVault
from strongroom.custody.bitwarden import BitwardenVault
from strongroom.custody.custodians import Custodians
from strongroom.custody.custom import CustomVault
from strongroom.custody.elsewhere import ExternalVault
from strongroom.custody.envelope import EnvelopeCustodian
from strongroom.custody.gcp import GcpVault
from strongroom.custody.openbao import OpenBaoVault

CUSTODIANS = {
    each.name: each
    for each in (EnvelopeCustodian, CustomVault, BitwardenVault, AzureVault, GcpVault, AwsVault, OpenBaoVault)
}

__all__ = ["CUSTODIANS", "Custodians", "EnvelopeCustodian", "ExternalVault"]
