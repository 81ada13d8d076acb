"""How the process speaks: structured lines on standard error, never with a request's content."""

import logging
import sys

import structlog

OURS = "strongroom"
LIBRARIES = logging.WARNING
"""What is not ours speaks of trouble alone, at debug level too: a library says then what it handles. Those of HTTP/2
quote every field, those of databases every value."""


def configure(level: str, *, worker: int | None = None) -> None:
    """Send everything, ours and the libraries', through one renderer; only ours at the `level`. Call once, at start.

    What a `worker` says goes to the standard error of the server, with its number.
    """

    def numbered(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        return event if worker is None else {**event, "worker": worker}

    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        numbered,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    chosen = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(chosen, LIBRARIES))
    logging.getLogger(OURS).setLevel(chosen)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
