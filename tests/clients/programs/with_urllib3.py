"""urllib3, which looks at no variable for its proxy: the program names the proxy, and its credentials beside it."""

import os
import sys

import urllib3

proxy = urllib3.util.parse_url(os.environ["HTTPS_PROXY"])
pool = urllib3.ProxyManager(
    f"{proxy.scheme}://{proxy.netloc}", proxy_headers=urllib3.make_headers(proxy_basic_auth=proxy.auth)
)
headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
reply = pool.request("GET", sys.argv[1], headers=headers, timeout=20.0, retries=False)
print(reply.data.decode())
sys.exit(reply.status != 200)
