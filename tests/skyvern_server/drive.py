"""Drives a real Skyvern server in this process and prints what it answered, as one JSON value.

Runs in an environment of its own (`make test-skyvern-server`): the base URL and token of its custom credential service
come on standard input, and what is to be done as a list of steps. Nothing of Strongroom can be imported here.
"""

import asyncio
import json
import sys
from typing import Any


async def main() -> list[dict[str, Any]]:
    asked = json.load(sys.stdin)
    from skyvern import Skyvern  # type: ignore[import-not-found]  # noqa: PLC0415 - it reads its variables as it is loaded

    skyvern = Skyvern.local(use_in_memory_db=True, settings=asked["settings"])
    http = skyvern._client_wrapper.httpx_client.httpx_client
    answers: list[dict[str, Any]] = []
    known: dict[str, str] = {}
    for step in asked["steps"]:
        path = step["path"].format(**known)
        answer = await http.request(step["method"], f"http://skyvern{path}", json=step.get("body"))
        read: Any = answer.json() if answer.content else None
        if "keep" in step and answer.is_success:
            known[step["keep"]] = read["credential_id"]
        answers.append({"status": answer.status_code, "body": read})
    return answers


print("ANSWERS", json.dumps(asyncio.run(main())))
