"""How the proxy tells of an error that nobody expected: what kind and where, and nothing of the request."""

import logging
import traceback

from strongroom.delivery.egress.counters import Counters

_log = logging.getLogger(__name__)


def log_crash(error: Exception, counters: Counters) -> None:
    """Log an error without its own words: they may quote what it worked on."""
    counters.crashes += 1
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("a proxied connection was closed because of %s\n%s", type(error).__name__, where)
