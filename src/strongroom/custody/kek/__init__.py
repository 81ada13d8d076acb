"""Who holds the KEK, one file each: `--root-key scheme:rest` names a row of `KEK_HOLDERS`."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from strongroom.core.failures import NotReady
from strongroom.core.secret import Secret
from strongroom.core.sources import Entropy
from strongroom.crypto.keyring import KekHolder
from strongroom.custody.kek.asked import KekAsked
from strongroom.custody.kek.file import open_file
from strongroom.custody.kek.passphrase import open_passphrase

KEK_HOLDERS: dict[str, Callable[[KekAsked], Awaitable[KekHolder]]] = {
    "file": open_file,
    "passphrase": open_passphrase,
}


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


__all__ = ["KEK_HOLDERS", "KekAsked", "open_kek", "parse_spec"]
