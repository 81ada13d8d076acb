"""The same trusted certificates in each form that some client wants, as files beside one another."""

from pathlib import Path

from strongroom.core.client_variables import TrustFiles, wgetrc
from strongroom.outbound.java_trust_store import java_trust_store


def trust_files(folder: Path) -> TrustFiles:
    """Say where they are in a folder, which must be given in full: clients run anywhere."""
    return TrustFiles(
        bundle=str(folder / "ca-bundle.pem"),
        wgetrc=str(folder / "wgetrc"),
        java_trust_store=str(folder / "ca-bundle.p12"),
    )


def contents(files: TrustFiles, bundle: str, *, wgetrc_before: str = "") -> dict[Path, bytes]:
    """Return what to write into each; `wgetrc_before` are settings for wget that are to be kept."""
    return {
        Path(files.bundle): bundle.encode(),
        Path(files.wgetrc): wgetrc(files.bundle, wgetrc_before).encode(errors="surrogateescape"),
        Path(files.java_trust_store): java_trust_store(bundle),
    }
