"""The flat form of a credential as an item of Bitwarden, and back (contract skyvern-credentials 6.2). Pure.

A login is a login and a card a card, so that people find them in Bitwarden as theirs; what has no place there is in
hidden fields; a secret is a secure note whose text is JSON. Bitwarden has no place for how a site asks for its second
factor: that stays with the description. What people have added to an item is passed over.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from strongroom.core.failures import BadReply

MARK: Final = "strongroom_item"
"""The field that says which item of the journal it is."""
_TEXT, _HIDDEN = 0, 1
_LOGIN, _NOTE, _CARD = 1, 2, 3
_METADATA, _ADDRESS = "metadata_", "billing_address_"
_PLAIN = ("billing_email", "billing_phone")
_IN_CARD: Final = {
    "card_holder_name": "cardholderName",
    "card_number": "number",
    "card_exp_month": "expMonth",
    "card_exp_year": "expYear",
    "card_cvv": "code",
    "card_brand": "brand",
}
_IN_LOGIN: Final = ("username", "password", "totp")


def written_item(
    flat: Mapping[str, Any], *, title: str, mark: str, organization: str | None, collection: str | None
) -> dict[str, Any]:
    """Return the item to create."""
    item: dict[str, Any] = {
        "organizationId": organization,
        "collectionIds": None if collection is None else [collection],
        "folderId": None,
        "name": title,
        "notes": None,
        "favorite": False,
        "reprompt": 0,
        "login": None,
        "secureNote": None,
        "card": None,
        "identity": None,
        "fields": [_field(MARK, mark, _TEXT), *(_field(name, text, _HIDDEN) for name, text in _hidden(flat))],
    }
    match flat["type"]:
        case "password":
            login = {name: flat.get(name) for name in _IN_LOGIN}
            return item | {"type": _LOGIN, "login": login | {"uris": []}}
        case "credit_card":
            return item | {"type": _CARD, "card": {theirs: flat[ours] for ours, theirs in _IN_CARD.items()}}
        case _:
            note = {name: flat.get(name) for name in ("secret_value", "secret_label")}
            return item | {"type": _NOTE, "secureNote": {"type": 0}, "notes": json.dumps(note)}


def read_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat form of an item. Raises `BadReply` for one that is none of the three."""
    match item.get("type"):
        case 1:
            login = _part(item, "login")
            found = {"type": "password"} | {name: login.get(name) for name in _IN_LOGIN}
        case 3:
            card = _part(item, "card")
            found = {"type": "credit_card"} | {ours: card.get(theirs) for ours, theirs in _IN_CARD.items()}
        case 2:
            found = {"type": "secret", **_note(item.get("notes"))}
        case _:
            raise BadReply("Bitwarden returned an item that is no login, card or note")
    return {name: value for name, value in (found | _of_fields(item)).items() if value is not None}


def shown_item(item: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what may be shown of an item: what it is called, and nothing that is in it."""
    uris = item["login"].get("uris") if isinstance(item.get("login"), dict) else None
    first = uris[0] if isinstance(uris, list) and uris else None
    collections = item.get("collectionIds")
    return {
        "item_id": _shown(item.get("id")) or "",
        "title": _shown(item.get("name")) or "",
        "collection_id": _shown(collections[0]) if isinstance(collections, list) and collections else None,
        "credential_type": {_LOGIN: "password", _CARD: "credit_card"}.get(item.get("type", 0), "secret"),
        "url": _shown(first.get("uri")) if isinstance(first, dict) else None,
    }


def mark_of(item: Mapping[str, Any]) -> str | None:
    """Return which item of the journal it is, if it says so."""
    return next((field["value"] for field in _fields(item) if field["name"] == MARK), None)


def _hidden(flat: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((_ADDRESS + name, text) for name, text in flat.get("billing_address", {}).items())
    yield from ((name, flat[name]) for name in _PLAIN if name in flat)
    yield from ((_METADATA + name, text) for name, text in flat.get("metadata", {}).items())


def _of_fields(item: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in _fields(item):
        name, text = field["name"], field["value"]
        if name in _PLAIN:
            found[name] = text
        elif name.startswith(_ADDRESS):
            found.setdefault("billing_address", {})[name.removeprefix(_ADDRESS)] = text
        elif name.startswith(_METADATA):
            found.setdefault("metadata", {})[name.removeprefix(_METADATA)] = text
    return found


def _fields(item: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    fields = item.get("fields")
    for field in fields if isinstance(fields, list) else ():
        if isinstance(field, dict) and isinstance(field.get("name"), str) and isinstance(field.get("value"), str):
            yield field


def _field(name: str, text: str, kind: int) -> dict[str, Any]:
    return {"name": name, "value": text, "type": kind, "linkedId": None}


def _shown(found: object) -> str | None:
    return found if isinstance(found, str) else None


def _part(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = item.get(name)
    if not isinstance(inner, dict):
        raise BadReply(f"Bitwarden returned an item without its {name}")
    return inner


def _note(text: object) -> dict[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadReply("Bitwarden returned a note that is no secret of ours")
    return {name: found.get(name) for name in ("secret_value", "secret_label")}
