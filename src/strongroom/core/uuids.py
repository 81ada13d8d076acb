"""UUIDs, for the wires that know things by them and nothing else (RFC 9562)."""

import uuid

NAMESPACE = uuid.UUID("6f1f5a52-0b0c-5e0e-9d5b-2f8a4c1de7a3")
"""Of what has an id of ours: fixed for ever, since clients keep what is made from it."""


def uuid_for(name: str) -> str:
    """Return the UUID of something that has another name with us; always the same one."""
    return str(uuid.uuid5(NAMESPACE, name))


def uuid_from(entropy: bytes) -> str:
    """Return a fresh UUID from 16 random bytes (version 4)."""
    return str(uuid.UUID(bytes=entropy, version=4))


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID as they are usually written: in five groups, in either case."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
