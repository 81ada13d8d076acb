"""Uses the surface through the published `skyvern` client, and prints what it saw as one JSON object.

Run as a program with that client's own Python. The base URLs and the key come by environment.
"""

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

import httpx
from skyvern import Skyvern as Documented  # type: ignore[import-not-found]
from skyvern.client import AsyncSkyvern, Skyvern  # type: ignore[import-not-found]
from skyvern.client.core.api_error import ApiError  # type: ignore[import-not-found]
from skyvern.client.errors import UnprocessableEntityError  # type: ignore[import-not-found]

KEY, BASE = os.environ["KEY"], os.environ["BASE_URL"]
PW = {"username": "u@e.co", "password": "p"}
CC = {
    "card_number": "4111111111111111",
    "card_cvv": "123",
    "card_exp_month": "12",
    "card_exp_year": "2031",
    "card_brand": "visa",
    "card_holder_name": "A B",
}
SE = {"secret_value": "sk", "secret_label": "lab"}
SEEN: dict[str, object] = {}
SENT: list[tuple[str, str]] = []


def note(request: httpx.Request) -> None:
    SENT.append((request.method, request.url.path))


async def note_later(request: httpx.Request) -> None:
    note(request)


def sync(base: str = BASE, key: str | None = KEY) -> Skyvern:
    http = httpx.Client(trust_env=False, event_hooks={"request": [note]}, timeout=30)
    return Skyvern(base_url=base, api_key=key, httpx_client=http)


def later() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, event_hooks={"request": [note_later]}, timeout=30)


def refused(call: Callable[[], object]) -> list[Any]:
    """The class, status and body of the error."""
    try:
        call()
    except ApiError as error:
        return [type(error).__name__, error.status_code, error.body]
    raise AssertionError("not refused")


def whole(client: Skyvern) -> None:
    made = client.create_credential(name="n", credential_type="password", credential=PW)
    SEEN["password"] = [
        type(made.credential).__name__,
        made.credential_id[:5],
        made.vault_type,
        made.credential.username,
    ]
    SEEN["again"] = client.get_credential(made.credential_id) == made
    secret = client.create_credential(name="s", credential_type="secret", credential=SE)
    SEEN["secret"] = [type(secret.credential).__name__, secret.credential.secret_label]
    none = client.create_credential(name="t", credential_type="password", credential=PW | {"totp_type": None})
    SEEN["explicit null"] = none.credential.totp_type
    updated = client.update_credential(
        made.credential_id, name="n", credential_type="password", credential=PW | {"username": "other"}
    )
    SEEN["updated"] = [updated.credential_id == made.credential_id, updated.credential.username]
    SEEN["deleted"] = client.delete_credential(made.credential_id)
    missing = refused(lambda: client.get_credential(made.credential_id))
    SEEN["missing"] = missing
    invalid = refused(
        lambda: client.create_credential(
            name="n", credential_type="password", credential={"username": "", "password": "p"}
        )
    )
    place = invalid[2]["detail"][0]["loc"]
    SEEN["invalid"] = [invalid[0], invalid[1], place, issubclass(UnprocessableEntityError, ApiError)]
    for number in range(5):
        client.create_credential(name=str(number), credential_type="password", credential=PW)
    SEEN["page"] = [row.name for row in client.get_credentials(page=2, page_size=2)]
    found = client.get_credentials(search="LAB", credential_type="secret", vault_type="skyvern")
    SEEN["found"] = [row.name for row in found]
    code = client.send_totp_code(totp_identifier="User@E.co", content="123456")
    SEEN["pushed"] = [type(code).__name__, code.code, code.totp_identifier, code.otp_type]
    pinned = client.create_credential(
        name="g",
        credential_type="password",
        credential=PW,
        proxy_location={"country": "us", "subdivision": "us-ca"},
        tested_url="https://example.com/login",
    )
    SEEN["located"] = [pinned.proxy_location, pinned.tested_url]
    SEEN["wrong key"] = refused(lambda: sync(key="wrong").get_credentials())
    SEEN["no key"] = refused(lambda: sync(key=None).get_credentials())


async def whole_async() -> None:
    client = AsyncSkyvern(base_url=BASE, api_key=KEY, httpx_client=later())
    card = await client.create_credential(name="c", credential_type="credit_card", credential=CC)
    SEEN["card"] = [type(card.credential).__name__, card.credential.last_four, card.credential.brand]
    changed = await client.update_credential(
        card.credential_id, name="d", credential_type="credit_card", credential=CC | {"card_number": "5500000000000004"}
    )
    SEEN["card updated"] = changed.credential.last_four
    SEEN["card deleted"] = await client.delete_credential(card.credential_id)
    SEEN["async page"] = len(await client.get_credentials(page_size=3))
    SEEN["async pushed"] = (await client.send_totp_code(totp_identifier="x", content="https://example.com/l")).otp_type
    documented = Documented(base_url=BASE, api_key=KEY, httpx_client=later())
    made = await documented.create_credential(name="e", credential_type="password", credential=dict(PW))
    SEEN["documented"] = [type(made.credential).__name__, (await documented.get_credential(made.credential_id)) == made]


def main() -> None:
    whole(sync())
    asyncio.run(whole_async())
    SENT.clear()
    for base in (f"{BASE}/skyvern", f"{BASE}/skyvern/"):
        sync(base).get_credentials()
    SEEN["prefixed"] = SENT
    print(json.dumps(SEEN))


if __name__ == "__main__":
    main()
