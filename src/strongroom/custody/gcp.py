"""Google Secret Manager, through Google's own client, on our own connections.

An item is a secret of its own with one version, under a name that its id is in, so it can be found by its id alone.
Creating the secret and adding its version are two calls: what is cut off between them is an empty secret, and dropped
like any other. The client blocks, so it runs in a thread, and what it sends comes back to the loop to be sent.

The library comes with the extra `strongroom[gcp]`, and is loaded when the first secret is asked for.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, final

from strongroom.core.calls import Reply
from strongroom.core.custodians import GCP, not_configured, not_usable
from strongroom.core.failures import BadReply, Failure
from strongroom.core.ids import OrganizationId
from strongroom.core.secret import Secret
from strongroom.custody.elsewhere import Declined, Kept, Parcel, json_object
from strongroom.services.custody_ports import Item
from strongroom.services.oauth_ports import Control

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

T = TypeVar("T")

MAX_BYTES = 64 * 1024
"""The longest version that Secret Manager takes."""
SECONDS = 30.0
_WHO = "Google Secret Manager"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GcpProject:
    """Which project, and who we are there: the JSON of a service account's key."""

    project: str
    key: Secret
    prefix: str = "strongroom-"
    endpoint: str | None = None


@final
class GcpVault:
    """Implements `ExternalVault`. Without a project there is none."""

    name: ClassVar[str] = GCP

    def __init__(self, *, control: Control, project: GcpProject | None) -> None:
        self._control = control
        self._project = project
        self._client: SecretManagerServiceClient | None = None

    async def ready(self, organization: OrganizationId) -> None:  # noqa: ARG002 - one project for all
        """Raise `Invalid` if no project is configured, its key is none, or the library is missing."""
        _ = self._configured()
        _ = self._secrets()

    async def keep(self, parcel: Parcel) -> Kept | Declined:
        """Create a secret and its one version."""
        payload = json.dumps(parcel.fields, separators=(",", ":")).encode()
        if len(payload) > MAX_BYTES:
            return Declined(f"{_WHO} takes at most {MAX_BYTES} bytes")
        project = self._configured()
        name = self._name(parcel.organization, parcel.id)
        secrets = self._secrets()

        def write() -> bool:
            created = secrets.create_secret(
                request={
                    "parent": f"projects/{project.project}",
                    "secret_id": name.rpartition("/")[2],
                    "secret": {"replication": {"automatic": {}}, "labels": {"kept-for": "strongroom"}},
                },
                retry=None,
                timeout=SECONDS,
            )
            added = secrets.add_secret_version(
                request={"parent": created.name, "payload": {"data": payload}}, retry=None, timeout=SECONDS
            )
            return added.name.endswith("/versions/1")

        match await self._run(write):
            case None:
                return Declined(f"{_WHO} does not have the project that is configured")
            case False:
                raise BadReply(f"{_WHO} did not say that it wrote the item")
            case _:
                return Kept(name)

    async def open(self, organization: OrganizationId, reference: str) -> Mapping[str, Any]:  # noqa: ARG002 - as above
        """Read the newest version."""
        secrets = self._secrets()
        found = await self._run(
            lambda: secrets.access_secret_version(
                request={"name": f"{reference}/versions/latest"}, retry=None, timeout=SECONDS
            )
        )
        if found is None:
            raise BadReply(f"{_WHO} does not have this item any more")
        return json_object(Reply(status=200, body=found.payload.data), of=_WHO)

    async def drop(self, item: Item) -> bool:
        """Delete a secret with all its versions."""
        name = item.reference or self._name(item.organization, item.id)
        secrets = self._secrets()
        await self._run(lambda: secrets.delete_secret(request={"name": name}, retry=None, timeout=SECONDS))
        return True

    async def check(self, organization: OrganizationId) -> None:  # noqa: ARG002 - as above
        """Ask for one name."""
        parent = f"projects/{self._configured().project}"
        secrets = self._secrets()
        await self._run(
            lambda: next(
                iter(secrets.list_secrets(request={"parent": parent, "page_size": 1}, retry=None, timeout=SECONDS)),
                None,
            )
        )

    def _name(self, organization: OrganizationId, item: str) -> str:
        project = self._configured()
        return f"projects/{project.project}/secrets/{project.prefix}{organization}-{item}"

    def _configured(self) -> GcpProject:
        if self._project is None:
            raise not_configured(self.name)
        return self._project

    def _secrets(self) -> "SecretManagerServiceClient":
        if self._client is None:
            project = self._configured()
            try:
                from strongroom.custody.gcp_transport import made  # noqa: PLC0415 - an extra
            except ImportError:
                raise not_usable(self.name, "install strongroom[gcp]") from None
            try:
                key = json.loads(project.key.reveal())
                self._client = made(key, control=self._control, endpoint=project.endpoint)
            except (ValueError, TypeError, KeyError):
                raise not_usable(self.name, "the key of its service account cannot be read") from None
        return self._client

    async def _run(self, act: Callable[[], T]) -> T | None:
        """Run a call in a thread; None where there is no such secret. Raises `BadReply` without the service's words."""
        from google.api_core.exceptions import GoogleAPIError, NotFound  # noqa: PLC0415 - an extra
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - likewise
        from google.protobuf.json_format import Error as MessageError  # type: ignore[import-untyped]  # noqa: PLC0415 - likewise
        from requests import RequestException  # noqa: PLC0415 - likewise

        try:
            return await asyncio.to_thread(act)
        except NotFound:
            return None
        except Failure:
            raise
        except GoogleAPIError as error:
            code = getattr(error, "code", None)
            raise BadReply(f"{_WHO} answered HTTP {int(code)}" if code else f"{_WHO} did not answer") from None
        except GoogleAuthError:
            raise BadReply(f"{_WHO} does not accept the key that is configured") from None
        except (RequestException, MessageError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise BadReply(f"{_WHO} answered what its own client does not understand") from None
