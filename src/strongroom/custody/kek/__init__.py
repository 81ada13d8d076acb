"""Who holds the KEK, one file each: `--root-key scheme:rest` names a row of `KEK_HOLDERS`."""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from pathlib import Path

from strongroom.core.failures import NotReady
from strongroom.core.secret import Secret
from strongroom.core.sources import Entropy
from strongroom.crypto.keyring import KekHolder
from strongroom.custody.kek.asked import KekAsked
from strongroom.custody.kek.file import open_file
from strongroom.custody.kek.missing import made_with
from strongroom.custody.kek.passphrase import open_passphrase, salt_file

KEK_HOLDERS: dict[str, Callable[[KekAsked], Awaitable[KekHolder]]] = {
    "file": open_file,
    "passphrase": open_passphrase,
}


class PassphraseNeed(Enum):
    """Whether a holder needs words from its operator."""

    NONE = auto()
    KNOWN = auto()
    """Those that were chosen at the first start."""
    NEW = auto()
    """Words to be chosen now."""


def passphrase_need(spec: str, data_dir: Path) -> PassphraseNeed:
    """Tell what to ask an operator for before anything is opened. Raises `NotReady` as `parse_spec`.

    Nothing is asked for where another holder's file shows that the words could open nothing.
    """
    scheme, rest = parse_spec(spec)
    if scheme != "passphrase":
        return PassphraseNeed.NONE
    try:
        if salt_file(rest, data_dir).exists():
            return PassphraseNeed.KNOWN
        return PassphraseNeed.NEW if made_with(data_dir) is None else PassphraseNeed.NONE
    except OSError:  # a directory that cannot be read: whoever opens it says so
        return PassphraseNeed.NONE


def parse_spec(spec: str) -> tuple[str, str]:
    """Split `scheme:rest`. Raises `NotReady` for a scheme that nobody holds keys for.

    What is not a known scheme is not repeated: someone may have put a passphrase there.
    """
    scheme, colon, rest = spec.partition(":")
    if not colon or scheme not in KEK_HOLDERS:
        known = ", ".join(f"{name}:" for name in KEK_HOLDERS)
        raise NotReady(f"--root-key must begin with one of {known}")
    return scheme, rest


async def open_kek(
    spec: str,
    *,
    data_dir: Path,
    entropy: Entropy,
    passphrase: Callable[[], Secret] | None,
    create: bool,
) -> KekHolder:
    """Open the holder that a spec names.

    With `create` a missing key is made; without it, nothing is written and a missing key is
    `NotReady`. `passphrase` is asked only by holders that need one.
    """
    scheme, rest = parse_spec(spec)
    asked = KekAsked(rest=rest, data_dir=data_dir, entropy=entropy, passphrase=passphrase, create=create)
    return await KEK_HOLDERS[scheme](asked)


__all__ = ["KEK_HOLDERS", "KekAsked", "PassphraseNeed", "open_kek", "parse_spec", "passphrase_need"]
