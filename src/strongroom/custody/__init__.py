"""Where material lies: with us, sealed, or in somebody else's vault. One file and one line each."""

from strongroom.custody.envelope import EnvelopeCustodian

CUSTODIANS = {
    EnvelopeCustodian.name: EnvelopeCustodian,
}

__all__ = ["CUSTODIANS", "EnvelopeCustodian"]
