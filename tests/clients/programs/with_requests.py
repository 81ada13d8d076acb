"""requests, as it comes."""

import os
import sys

import requests

reply = requests.get(sys.argv[1], headers={"Authorization": f"Bearer {os.environ['TOKEN']}"}, timeout=20)
reply.raise_for_status()
print(reply.text)
