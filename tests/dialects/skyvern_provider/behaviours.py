"""What this dialect does, case by case: id, sentence, source. Each has a test (`tests/test_behaviours.py`).

The ids are the case numbers of contract skyvern-credentials. S131 is a real Skyvern server: the calls that it makes are
here, and the server itself in `tests/skyvern_server`, which has a command of its own.
"""

from tests.behaviours import Behaviour, covering

BEHAVIOURS = (
    Behaviour("S123", "P4 with a provider token: 2xx, no listing; a bad token: 401", "observed server, our choice"),
    Behaviour("S124", 'P1 with a password: 201 JSON {"id": "..."} of [A-Za-z0-9_-]+', "observed server"),
    Behaviour("S125", "P2 of that id: the same fields and type, no null, totp_type in its enum", "observed server"),
    Behaviour("S126", "a card with address and metadata, a secret without label: come back exactly", "observed server"),
    Behaviour("S127", "P3, P3 again, P2: 204, 204, 404 with a message", "observed server, our choice"),
    Behaviour("S128", "P2 with the token of another namespace: 404", "our choice"),
    Behaviour("S129", "a provider token on V, an API key on P: 403, 401", "our choice"),
    Behaviour("S130", "P1 of a password without password: 422, a message without values", "our choice"),
    Behaviour("S131", "connection test, create of three types, code, update, delete: the calls of 7.5", "real server"),
    Behaviour("S132", "the base URL with a slash behind it and without: both served, no 3xx", "Skyvern's source"),
)

covers = covering(BEHAVIOURS)
