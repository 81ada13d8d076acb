"""What the LLM gateway does, case by case: id, sentence, source. Each has a test (`tests/test_behaviours.py`).

The ids are the case numbers of the contract (barndoor-credentials 6).
"""

from tests.behaviours import Behaviour, covering

BEHAVIOURS = (
    Behaviour("L026", "aws-trust-info of a role: the server's principal and the connection's external id", "SDK"),
    Behaviour("L030", "after a rotation a chat goes out with the new key, never the old", "vendor docs"),
    Behaviour("L031", "a change of the name alone leaves the key that goes out", "vendor docs"),
    Behaviour("L034", "an empty api_key is refused and the old key still works", "Terraform provider"),
    Behaviour("L049", "two providers on one connection: both send the new key after a rotation", "vendor docs"),
    Behaviour("L068", "openai SDK chat via alias: path, stored key, upstream's model, nothing of ours", "vendor docs"),
    Behaviour("L069", "however the base URL ends, the upstream's path is the same", "vendor docs"),
    Behaviour(
        "L070", "anthropic SDK messages with api_key and auth_token: x-api-key stored, versions kept", "measured"
    ),
    Behaviour("L071", "the same with the gateway key in x-api-key", "vendor docs"),
    Behaviour("L072", "count_tokens and ?beta=true are forwarded", "vendor docs"),
    Behaviour("L073", "a stream's chunks arrive as they are sent, their bytes identical", "measured"),
    Behaviour("L074", "a client that closes a stream: the upstream sees it within a second", "our choice"),
    Behaviour("L075", "an upstream that breaks a stream: an error event, no [DONE]", "measured"),
    Behaviour("L076", "an upstream's 401 that quotes the key: 502 of ours, not asked again", "measured"),
    Behaviour("L077", "an upstream's 500 that echoes the key: neither body nor logs hold it", "our choice"),
    Behaviour("L078", "the first route answers 503: the second answers, two attempts", "vendor docs"),
    Behaviour("L079", "the first route rejects the stored key: the second answers", "SDK"),
    Behaviour("L080", "the first route answers 400: passed, the second is not asked", "our choice"),
    Behaviour("L081", "a 429 with patience: the same route again after its Retry-After", "SDK"),
    Behaviour("L082", "all routes 429: 429 with Retry-After", "vendor docs"),
    Behaviour("L083", "an unknown model: 404 model_not_found in both SDKs", "measured"),
    Behaviour("L084", "a disabled, revoked or expired key: 401; enabled again: 200", "SDK"),
    Behaviour("L085", "a disabled provider: 503 no_route_available", "SDK"),
    Behaviour("L086", "a client's cookies, signatures, account and query do not reach the upstream", "our choice"),
    Behaviour("L087", "an upstream's cookies and account do not reach the client, its limits do", "our choice"),
    Behaviour("L088", "a redirect: 502, and the other host is not asked", "our choice"),
    Behaviour("L089", "azure with a dated version: deployment in the path, api-key", "another gateway"),
    Behaviour("L090", "azure without a version: /openai/v1", "another gateway"),
    Behaviour("L091", "Entra: a token for the vendor's scope as bearer; the second call is cached", "measured"),
    Behaviour("L092", "google_ai chat: /v1beta/openai, bearer, no query", "another gateway"),
    Behaviour("L093", "Bedrock with AWS keys: the signature that its receiver computes", "measured"),
    Behaviour("L094", "with a session token: sent and signed", "measured"),
    Behaviour("L095", "with a role: STS is asked once for two requests, with ExternalId and session name", "measured"),
    Behaviour("L096", "a role that does not trust us: 502 upstream_auth_failed, no account in the body", "measured"),
    Behaviour("L097", "a Bedrock API key: bearer, nothing signed", "another gateway"),
    Behaviour("L098", "Vertex with a service account: RS256 to Google, Anthropic's path and body", "measured"),
    Behaviour("L099", "Vertex as another account: its token goes out", "measured"),
    Behaviour("L101", "google_adc with ambient identity off: 503, nothing is sent", "our choice"),
    Behaviour("L103", "a name that leads to a metadata address: 502, never connected", "our choice"),
    Behaviour("L105", "a stream from cohere: no stream_options unless the client sent them", "another gateway"),
    Behaviour("L106", "a rotation during a stream: it ends on the old key, the next request has the new", "our choice"),
    Behaviour("L107", "validating a role and Google's identity: ok, or an error status; nothing stored", "vendor docs"),
    Behaviour("L108", "no plaintext of any secret in logs, audit, database and answers", "vendor docs"),
)

covers = covering(BEHAVIOURS)
