import resource
import subprocess
import sys

from strongroom.event_loop import SWITCH_SECONDS
from tests.needs import need_file

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


IMAGES = """
import resource
from pathlib import Path
from strongroom import event_loop

async def main():
    return *resource.getrlimit(resource.RLIMIT_CORE), Path("/proc/self/coredump_filter").read_text().strip()

print(*event_loop.run(main()))
"""


def test_no_image_of_the_memory_is_left_behind() -> None:
    need_file("/proc/self/coredump_filter")
    limit = resource.getrlimit(resource.RLIMIT_CORE)
    ran = subprocess.run([sys.executable, "-c", IMAGES], check=True, capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["0", "0", "00000000"]
    assert resource.getrlimit(resource.RLIMIT_CORE) == limit, "nothing of it here"
