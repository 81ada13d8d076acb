"""Secrets from where they lie already: a variable of this environment, or the file of passwords that curl and git read.

What is read stays there as well: whoever moves a secret in takes it out of the other place afterwards.
"""

import netrc
from collections.abc import Mapping
from pathlib import Path

from strongroom.cli.complaint import Complaint
from strongroom.core.secret import Secret

FILE = "NETRC"
_HOME = "~/.netrc"


def of_variable(name: str, environ: Mapping[str, str]) -> Secret:
    """Return what a variable holds. Raises `Complaint` if it is not set, or empty."""
    value = environ.get(name, "")
    if not value:
        raise Complaint(f"the variable {name} is not set here, or empty: nothing was stored")
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes that were no UTF-8
        raise Complaint(f"the variable {name} does not hold text (UTF-8)") from None
    return Secret(value)


def of_netrc(host: str, environ: Mapping[str, str]) -> Secret:
    """Return the password of a host. Raises `Complaint` if there is none; an entry for `default` is nobody's own."""
    file = Path(environ.get(FILE) or _HOME).expanduser()
    try:
        found = netrc.netrc(file).hosts.get(host)
    except netrc.NetrcParseError as error:  # its own words may quote what stands there
        where = f"line {error.lineno} of {file}" if error.lineno else str(file)
        raise Complaint(f"{where} is not as a netrc file is written: nothing was stored") from None
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is no text"
        raise Complaint(f"{file} cannot be read ({said})") from None
    if host == "default" or found is None or not found[2]:
        raise Complaint(f"{file} has no password for the machine {host}: nothing was stored")
    return Secret(found[2])
