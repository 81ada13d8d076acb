"""The trust of a child process: what its clients trusted before, and our authority.

Most variables that name a bundle replace a client's own roots, so a bundle with our certificate
alone would break every host that is not intercepted.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from strongroom.cli.complaint import Complaint
from strongroom.core.failures import NotReady
from strongroom.outbound.trust import bundle, read_certificates, system_roots


def child_bundle(environ: Mapping[str, str], variables: Iterable[str], own_ca: str) -> str:
    """Return the roots in force (the system's, and those that the caller's variables name) and our certificate.

    Raises `Complaint` where there are none.
    """
    try:
        roots = [system_roots(environ)]
    except NotReady as failure:
        raise Complaint(str(failure)) from None
    for name in variables:
        named = environ.get(name)
        if named and named != environ.get("SSL_CERT_FILE"):
            try:
                roots.append(read_certificates(Path(named), setting=name))
            except NotReady:
                continue  # a variable that names no usable file made nothing trusted before either
    return bundle("".join(dict.fromkeys(roots)), own_ca)


def wget_settings(environ: Mapping[str, str]) -> str:
    """Return what wget would read as its user's settings; ours go beneath them, in a file that takes their place."""
    named = environ.get("WGETRC") or Path(environ.get("HOME") or "/nonexistent", ".wgetrc")
    try:
        return Path(named).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # as wget itself: without a file there are no settings
        return ""
