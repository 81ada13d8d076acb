"""urllib, of the standard library: it finds proxy and certificates by itself."""

import os
import sys
from urllib.request import Request, urlopen

request = Request(sys.argv[1], headers={"Authorization": f"Bearer {os.environ['TOKEN']}"})  # noqa: S310 - as called
with urlopen(request, timeout=20) as reply:  # noqa: S310 - as called
    print(reply.read().decode())
