"""What HTTP clients are given in tests where all is plain http."""

import ssl

UNUSED_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""To read the system's roots takes 50 ms, longer than most tests; this one has none and so trusts nobody."""
