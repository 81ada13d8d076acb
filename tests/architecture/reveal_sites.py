"""The modules that may call `Secret.reveal()`, each with its reason.

A new line here is a decision that a reviewer sees. A line that nothing uses any more must go: the test says so.
"""

REVEAL_SITES = {
    "strongroom.cli.*": "sends what a person typed to the server, and hands a fresh key to its owner, once",
    "strongroom.core.authorization": "reads the code out of the URL that a browser brought back",
    "strongroom.core.credentials.credit_card": "keeps the last four digits of a card in its description",
    "strongroom.core.credentials.flat": "writes what an external custodian keeps, or its owner reads back",
    "strongroom.core.llm.sent": "reads a Google key's JSON, takes a role's name out of what came, shows a key's tail",
    "strongroom.core.placeholders": "reads the public prefix and the length that a placeholder was asked to imitate",
    "strongroom.core.pushed_codes": "finds the code in a message that somebody forwards",
    "strongroom.core.resigning": "signs a request with the secret key, and puts in the key's id and the session token",
    "strongroom.core.scrubbing": "finds the secret in a reply and takes it out",
    "strongroom.core.substitution": "puts the secret where its placeholder stood",
    "strongroom.core.totp_keys": "reads the key of one-time codes in the form in which a site shows it",
    "strongroom.crypto.materials": "turns material into the bytes that are sealed",
    "strongroom.crypto.passwords": "derives the root key from a passphrase",
    "strongroom.crypto.tokens": "hashes a key or token, to store it or to look it up",
    "strongroom.crypto.totp": "makes a one-time code from its key",
    "strongroom.custody.aws": "signs what it asks of AWS, and shows the session token",
    "strongroom.custody.azure": "hands Microsoft's client what it signs in with",
    "strongroom.custody.bitwarden": "unlocks `bw serve` with the master password",
    "strongroom.custody.custom": "shows a custom credential service its token",
    "strongroom.custody.gcp": "hands Google's client the key that it signs in with",
    "strongroom.custody.openbao": "shows OpenBao the token that it is asked with",
    "strongroom.dialects.barndoor.routes_keys": "hands a fresh gateway key to its owner, once",
    "strongroom.dialects.native.*": "hands a fresh key, or the secret of a webhook, to its owner, once",
    "strongroom.dialects.skyvern.show_codes": "shows a one-time code to a key that may read codes, or that brought it",
    "strongroom.outbound.mcp_probe": "sends an MCP server the token whose use is looked at",
    "strongroom.outbound.token_endpoint": "writes the form and the Basic credentials that a token endpoint is sent",
    "strongroom.playwright.*": "shows the server its token, and types a value into the page that it was redeemed for",
    "strongroom.server": "prints the first admin key, once",
    "strongroom.services.access": "hands a fresh session token to its owner, once, in the proxy's URL",
    "strongroom.wiring": "keeps the first admin key in its file, readable by its owner alone",
    "strongroom.workers.handover": "hands the secrets among the settings to a worker, through a pair of sockets",
    "strongroom.testing.upstream": "demands the token that a test gave it",
}
