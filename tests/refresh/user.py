"""Uses a token in a process of its own: `python -m tests.refresh.user`, told in JSON, then a line to begin.

It uses the token so many times at once, again and again for so many seconds, and says which tokens it got.
"""

import asyncio
import json
import sys
from pathlib import Path

from tests.refresh.house import node


async def main(told: dict[str, float | str]) -> None:
    loop = asyncio.get_running_loop()
    async with node(
        Path(str(told["database"])), skew=float(told["skew"]), dies_at=str(told["dies_at"]), lease=float(told["lease"])
    ) as here:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        end, got = loop.time() + float(told["seconds"]), set[str]()
        while True:
            got |= set(await asyncio.gather(*(here.use() for _ in range(int(told["uses"])))))
            if loop.time() >= end:
                break
            await asyncio.sleep(0.05)
        print(json.dumps(sorted(got)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
