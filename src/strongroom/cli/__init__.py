"""The command line: one file per noun. Commands talk to the server through its API, like any other client."""


def main() -> None:
    """Run the command that was typed; what the console script calls."""
    from strongroom.cli.app import run  # noqa: PLC0415 - a front door that is quick to import

    run()
