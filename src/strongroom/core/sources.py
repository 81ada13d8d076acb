"""Where moments, randomness and background tasks come from: plain callables that are handed in.

The real ones are made in `edge.py`; `testing/` has others. `NewId` stands with the ids it makes.
"""

from asyncio import Task
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

Clock = Callable[[], datetime]
"""The current moment, in UTC."""

Entropy = Callable[[int], bytes]
"""So many fresh random bytes."""

Spawn = Callable[[Coroutine[Any, Any, None], str], "Task[None]"]
"""Runs a coroutine in the background under a name; a crash is logged, the task is never lost."""
