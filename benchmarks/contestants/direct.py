"""The direct connection: no proxy, and a client that holds the secret itself. The ceiling of the run."""

import ssl

from benchmarks.contestants.contestant import Contestant
from benchmarks.load.job import Route
from benchmarks.place import HOST, Place

NAME = "direct"


def direct(place: Place) -> Contestant:
    """Return the way without anything in between."""
    return Contestant(
        name=NAME,
        version=ssl.OPENSSL_VERSION,
        route=Route(host="127.0.0.1", port=place.port, tls_name=HOST, ca_file=str(place.certificates.authority)),
        authorization=f"Bearer {place.secret}",
    )
