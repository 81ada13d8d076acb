import subprocess
import sys

from strongroom.event_loop import SWITCH_SECONDS

PROGRAM = """
import asyncio, gc, sys
from strongroom import event_loop

async def main():
    event_loop.settled()
    return type(asyncio.get_running_loop()).__module__, sys.getswitchinterval(), gc.get_freeze_count() > 1000

print(*event_loop.run(main()))
"""


def test_threads_give_the_lock_back_soon_and_what_is_built_is_not_looked_at_again() -> None:
    """In a process of its own: both hold for all of it."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["uvloop", f"{SWITCH_SECONDS}", "True"]
    assert sys.getswitchinterval() > SWITCH_SECONDS, "nothing of it here"
