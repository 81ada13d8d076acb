"""The modules that may call `Secret.reveal()`, each with its reason.

A new line here is a decision that a reviewer sees. A line that nothing uses any more must go: the test says so.
"""

REVEAL_SITES = {
    "strongroom.cli.*": "hands a fresh key to its owner, once",
    "strongroom.core.scrubbing": "finds the secret in a reply and takes it out",
    "strongroom.core.substitution": "puts the secret where its placeholder stood",
    "strongroom.crypto.materials": "turns material into the bytes that are sealed",
    "strongroom.services.authentication": "hashes a presented key to look it up",
    "strongroom.services.keys": "hashes a new key before it is stored",
    "strongroom.services.sessions": "hands a fresh session token to its owner, once",
}
