"""The Public Suffix List as it comes with its package: nothing is downloaded, and a release brings a newer one.

Its private part counts as well: two customers of one host are two sites.
"""

from functools import cache

from publicsuffixlist import PublicSuffixList

from strongroom.core.hosts import Host


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # a few tenths of a second, so it waits for the first login that is filled


def registrable(host: Host) -> Host | None:
    """Return the registrable domain that a name belongs to; None for a public suffix. Takes its time once."""
    found = _suffixes().privatesuffix(host)
    return None if found is None else Host(found)
