"""Secret values on their way in: standard input, a file, or a prompt that does not echo. Never an argument."""

import getpass
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, final

import typer

from strongroom.cli import imports
from strongroom.cli.complaint import Complaint
from strongroom.core.secret import Secret

FromStdin = Annotated[
    bool, typer.Option("--value-stdin", help="Read the secret from standard input; one newline at its end is dropped.")
]
FromFile = Annotated[
    Path | None,
    typer.Option("--value-file", metavar="FILE", readable=False, help="Read the secret from a file, likewise."),
]
FromEnv = Annotated[
    str | None,
    typer.Option("--from-env", metavar="VARIABLE", help="Read the secret from a variable that you have set here."),
]
FromNetrc = Annotated[
    str | None,
    typer.Option("--from-netrc", metavar="HOST", help="Read the password that ~/.netrc (or NETRC) has for a host."),
]
_MOST = 1 << 20
"""Bytes; far above what any credential may have, so a wrong file is noticed here."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the command was told to read secrets from; nowhere means that they are asked for. Implements `Reads`."""

    from_stdin: bool = False
    from_file: Path | None = None
    from_env: str | None = None
    from_netrc: str | None = None

    @property
    def is_named(self) -> bool:
        """Whether it was told."""
        return self.from_stdin or any(each is not None for each in (self.from_file, self.from_env, self.from_netrc))

    @property
    def asks(self) -> bool:
        """Whether values are asked for at the terminal, since no source of them was named."""
        return not self.is_named and sys.stdin.isatty()

    def read(self, name: str) -> Secret:
        """Return a secret by its name, as `read_value` does."""
        return read_value(
            name,
            from_stdin=self.from_stdin,
            from_file=self.from_file,
            from_env=self.from_env,
            from_netrc=self.from_netrc,
        )


def read_value(
    name: str,
    *,
    from_stdin: bool,
    from_file: Path | None,
    from_env: str | None = None,
    from_netrc: str | None = None,
) -> Secret:
    """Return the secret. Raises `Complaint` if there is none to read; wrong usage ends the command."""
    if sum((from_stdin, from_file is not None, from_env is not None, from_netrc is not None)) > 1:
        raise typer.BadParameter(
            "use one of --value-stdin and --value-file, --from-env and --from-netrc", param_hint="--value-stdin"
        )
    if from_env is not None:
        return imports.of_variable(from_env, os.environ)
    if from_netrc is not None:
        return imports.of_netrc(from_netrc, os.environ)
    if from_file is not None:
        return _checked(_of_file(from_file), str(from_file))
    if from_stdin:
        return _checked(sys.stdin.buffer.read(_MOST + 1), "standard input")
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "standard input is no terminal to ask at: add --value-stdin or --value-file FILE", param_hint="NAME"
        )
    return _checked(getpass.getpass(f"Value of {name} (not shown): ", stream=sys.stderr).encode(), "the prompt")


def read_client_secret() -> Secret:
    """Return an OAuth client's secret from standard input."""
    return _checked(sys.stdin.buffer.read(_MOST + 1), "standard input")


def _of_file(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST + 1)
    except OSError as error:
        raise Complaint(f"{file} cannot be read ({error.strerror})") from None


def _checked(raw: bytes, source: str) -> Secret:
    if len(raw) > _MOST:
        raise Complaint(f"{source} holds far more than a secret")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Complaint(f"{source} does not hold text (UTF-8)") from None
    text = text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")
    if not text:
        raise Complaint(f"{source} is empty: nothing was stored")
    return Secret(text)
