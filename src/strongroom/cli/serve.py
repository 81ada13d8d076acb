"""`strongroom serve`: every door of the server, in one process or with workers for the egress proxy."""

import os
from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli.complaint import Complaint
from strongroom.cli.connection import DATA_DIR, DEFAULT_DATA_DIR
from strongroom.cli.options import AsJson, examples


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command(
        "serve",
        epilog=examples(
            "strongroom serve",
            "strongroom serve --data-dir /var/lib/strongroom --host 0.0.0.0 --root-key passphrase:",
        ),
    )(serve)


def serve(
    ctx: typer.Context,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            metavar="DIR",
            readable=False,  # judged where it is used, in words that say what to do
            help=f"Where database, root key and certificates lie; made at the first start. Without it {DATA_DIR}, or "
            f"{DEFAULT_DATA_DIR}.",
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen. Without it 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="PORT", min=0, max=65535, help="The API's port; 0 picks one. Without it 8700."),
    ] = None,
    proxy_port: Annotated[
        int | None,
        typer.Option(
            "--proxy-port",
            metavar="PORT",
            min=0,
            max=65535,
            help="The egress proxy's port; 0 picks one. Without it 8701.",
        ),
    ] = None,
    database_url: Annotated[
        str | None, typer.Option("--database-url", metavar="URL", help="Without it, SQLite in the data directory.")
    ] = None,
    root_key: Annotated[
        str | None,
        typer.Option(
            "--root-key", metavar="SPEC", help="Who holds the root key: file:[PATH] or passphrase:. Without it file:."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            max=64,
            help="Processes for the egress proxy. Without it 1, all in one.",
        ),
    ] = None,
    path_prefix: Annotated[
        str | None, typer.Option("--path-prefix", metavar="/PATH", help="Serve the API under this path as well.")
    ] = None,
    cloud_inference_hosts: Annotated[
        str | None,
        typer.Option(
            "--cloud-inference-hosts",
            metavar="HOSTS",
            help="More hosts that cloud tokens may be sent to, with commas between.",
        ),
    ] = None,
    ambient_cloud_identity: Annotated[
        bool | None,
        typer.Option("--ambient-cloud-identity", help="Let connections act as this server's own identity in a cloud."),
    ] = None,
    require_secret_on_host_change: Annotated[
        bool | None,
        typer.Option(
            "--require-secret-on-host-change", help="Have a connection's secret sent along when its host changes."
        ),
    ] = None,
    jwt_issuer: Annotated[
        str | None,
        typer.Option("--jwt-issuer", metavar="URL", help="Take signed tokens of this issuer, besides our own keys."),
    ] = None,
    jwt_audience: Annotated[
        str | None,
        typer.Option("--jwt-audience", metavar="AUDIENCE", help="What such tokens must name as their audience."),
    ] = None,
    jwks_url: Annotated[
        str | None,
        typer.Option("--jwks-url", metavar="URL", help="Where its keys are. Without it, its metadata is asked."),
    ] = None,
    log_level: Annotated[
        str | None, typer.Option("--log-level", metavar="LEVEL", help="debug, info, warning or error. Without it info.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Start the server: API and egress proxy.

    The first start makes the data directory, the root key, a certificate authority and an admin
    key, which it shows once. Each option can be given as a variable instead: STRONGROOM_PORT for
    --port, and so on.
    """
    from strongroom.cli.passphrase import with_passphrase  # noqa: PLC0415 - the server is not loaded for other commands
    from strongroom.core.failures import Unable  # noqa: PLC0415 - as above
    from strongroom.server import serve as start  # noqa: PLC0415 - as above
    from strongroom.settings import Settings, WrongSettings  # noqa: PLC0415 - as above

    data_dir = data_dir or ctx.find_root().params["data_dir"]
    overrides = {
        "data_dir": data_dir,
        "host": host,
        "port": port,
        "proxy_port": proxy_port,
        "database_url": database_url,
        "root_key": root_key,
        "workers": workers,
        "path_prefix": path_prefix,
        "cloud_inference_hosts": cloud_inference_hosts,
        "ambient_cloud_identity": ambient_cloud_identity,
        "require_secret_on_host_change": require_secret_on_host_change,
        "jwt_issuer": jwt_issuer,
        "jwt_audience": jwt_audience,
        "jwks_url": jwks_url,
        "log_level": log_level,
    }
    try:
        settings = Settings.load(os.environ, overrides)
        start(with_passphrase(settings), as_json=as_json)
    except WrongSettings as wrong:
        if wrong.options:
            first = next(iter(wrong.options))
            raise typer.BadParameter(str(wrong).removeprefix(f"{first}: "), param_hint=first) from None
        raise Complaint(f"these settings cannot be used: {wrong}") from None
    except Unable as failure:
        raise Complaint(str(failure)) from None
