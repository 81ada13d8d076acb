"""The egress proxy: an HTTP forward proxy that puts secrets into requests and takes them out of replies.

Read `conversation.py` first: it says what is said when. `outgoing.py` and `incoming.py` are what happens to a
request and to its reply; `head.py`, `bodies.py` and `route.py` are what is let in at all. None of these does I/O;
`driver.py` carries out what a conversation wants between `client.py` and `upstream.py`, the two ends, and `server.py`
starts and stops it all.
"""

from strongroom.delivery.egress.authority import CertificateAuthority
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.refusals import Code
from strongroom.delivery.egress.server import EgressProxy

__all__ = ["CertificateAuthority", "Code", "Counters", "EgressProxy", "Limits"]
