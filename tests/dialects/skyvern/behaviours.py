"""What this dialect does, case by case: id, sentence, source. `test_behaviours.py` proves that each has a test.

The ids are the case numbers of the contract; what comes after case 122 belongs to the provider surface.
`PW`, `CC` and `SE` are the three credentials of `bodies.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Behaviour:
    """One thing that must hold."""

    id: str
    sentence: str
    source: str


def covers(*ids: str) -> Callable[[Test], Test]:
    """Mark a test with the behaviours that it shows."""
    unknown = set(ids) - {behaviour.id for behaviour in BEHAVIOURS}
    assert not unknown, unknown

    def marked(test: Test) -> Test:
        return test

    return marked


BEHAVIOURS = (
    Behaviour(
        "V001",
        "SDK sync create PW: 201; parses as PasswordCredentialResponse; credential_id starts cred_",
        "the client, observed client, observed server",
    ),
    Behaviour(
        "V002",
        'SDK async create CC: parses as CreditCardCredentialResponse, last_four=="1111", brand=="visa"',
        "the client, observed client, observed server",
    ),
    Behaviour("V003", 'SDK create SE: SecretCredentialResponse, secret_label=="lab"', "the client, observed server"),
    Behaviour(
        "V004",
        "SDK (async from skyvern import Skyvern) create with dict credential: works, same wire body",
        "observed client",
    ),
    Behaviour(
        "V005",
        "SDK with base_url having a path prefix, with and without trailing slash: request hits <prefix>/v1/credentials",
        "observed client",
    ),
    Behaviour("V006", "SDK delete: returns None on 204 empty body", "the client, observed client"),
    Behaviour(
        "V007",
        'SDK get unknown id: ApiError, status 404, body {"detail":"Credential not found"}',
        "observed client, observed server",
    ),
    Behaviour(
        "V008",
        "SDK create with empty username: UnprocessableEntityError, 422, list detail",
        "published OpenAPI, observed client, observed server",
    ),
    Behaviour("V009", "SDK update: same id, new username, 200", "published OpenAPI, observed client, observed server"),
    Behaviour(
        "V010",
        "SDK get_credentials(page=2,page_size=2) with 5 rows: rows 3-4, newest first",
        "the client, observed server",
    ),
    Behaviour(
        "V011",
        'SDK send_totp_code("User@E.co","123456"): TotpCode with that code, identifier user@e.co, otp_type totp',
        "the client, observed server",
    ),
    Behaviour(
        "V012",
        'SDK create, totp_type=None set explicitly: 201, totp_type=="none" (Skyvern: 422)',
        "observed client, observed server, our choice",
    ),
    Behaviour(
        "V013",
        "POST create, full response key set: the keys of 3.5 without created_by, with nulls",
        "observed server, our choice",
    ),
    Behaviour(
        "V014",
        'POST create PW, search all response bytes for "p" value / seed: secret never present in any V response',
        "published OpenAPI, observed source",
    ),
    Behaviour("V015", "POST /v1/credentials/ (slash): 201, no redirect", "observed server"),
    Behaviour("V016", "POST /api/v1/credentials: 200", "observed server"),
    Behaviour("V017", 'credential_type:"PASSWORD": 422, loc ["body","credential_type"], type enum', "observed server"),
    Behaviour("V018", "empty object {}: 422 with three missing: name, credential_type, credential", "observed server"),
    Behaviour("V019", "credential:{} / null: 422", "observed server"),
    Behaviour("V020", 'password "": 422 string_too_short', "published OpenAPI, observed source"),
    Behaviour("V021", 'username "": 422', "published OpenAPI, observed server"),
    Behaviour("V022", "username and password single spaces: 201 (no trimming)", "observed server"),
    Behaviour("V023", 'name:"" on create: 201', "observed server"),
    Behaviour("V024", "name:5: 422 string_type", "observed server"),
    Behaviour("V025", 'secret_value:"": 422', "published OpenAPI, observed server"),
    Behaviour("V026", "card card_exp_month: 12 (number): 422", "observed server"),
    Behaviour("V027", 'card number "12": 201, last_four:"12"', "published OpenAPI, observed source, observed server"),
    Behaviour("V028", "card missing card_cvv: 422 missing", "published OpenAPI"),
    Behaviour("V029", 'card metadata:{"a":1}: 422', "published OpenAPI, observed server"),
    Behaviour("V030", "card billing_address:{}, metadata:{}: 201; stored as null", "observed source, observed server"),
    Behaviour("V031", "unknown top-level and nested fields: 201, ignored", "observed server"),
    Behaviour("V032", "type password + SE body: 422, nothing stored (Skyvern: 500)", "observed server, our choice"),
    Behaviour("V033", "type credit_card + PW body: 422, nothing stored", "observed server, our choice"),
    Behaviour(
        "V034",
        "type secret + body holding CC fields and secret_value: 201 as secret; card fields ignored (Skyvern: 500)",
        "observed server, our choice",
    ),
    Behaviour("V035", 'vault_type:"onepassword": 422 enum', "published OpenAPI, observed server"),
    Behaviour("V036", 'vault_type:"gcp" when not configured: 400, string detail', "observed server"),
    Behaviour("V037", 'vault_type:"custom" when org not configured: 400, nothing stored', "observed server"),
    Behaviour(
        "V038",
        'totp_type:"authenticator", no totp: 400, detail.error_code=="authenticator_key_required"',
        "observed server",
    ),
    Behaviour("V039", 'authenticator, totp "!!!": 400 invalid_authenticator_key', "observed server"),
    Behaviour(
        "V040",
        "authenticator, totp JBSWY3DPEHPK3PXP: 201 (S example; Skyvern with current pyotp: 400)",
        "published OpenAPI, observed server, our choice",
    ),
    Behaviour(
        "V041",
        'authenticator, "gezd gnbv-gy3tqojqgezdgnbvgy3tqojq": 201, totp_type:"authenticator", has_totp:true',
        "observed server",
    ),
    Behaviour(
        "V042",
        "full otpauth URI with digits=8, period=60, SHA256: 201; totp-code has 8 digits, seconds 1..60",
        "observed source",
    ),
    Behaviour("V043", "authenticator, percent-encoded otpauth URI: 201", "observed source"),
    Behaviour("V044", "authenticator, otpauth://hotp/...: 400 invalid_authenticator_key", "observed source"),
    Behaviour(
        "V045", "authenticator, URI digits=5 / period=0 / algorithm=MD5 / two issuers: 400 each", "observed source"
    ),
    Behaviour("V046", 'totp_type:"none", totp "!!!": 201 (unchecked)', "observed server"),
    Behaviour("V047", 'totp_type:"email", identifier "A@B.co ": 201; echoed verbatim', "observed server"),
    Behaviour("V048", 'totp_type:"text_message": 422', "published OpenAPI, observed server"),
    Behaviour(
        "V049",
        'totp-code for S32 at t=59: {"code":"287082","seconds_remaining":1}, Cache-Control: no-store',
        "observed source, observed server",
    ),
    Behaviour("V050", "totp-code on non-authenticator credential: 400", "observed server"),
    Behaviour("V051", "totp-code unknown id: 404 Credential not found", "observed server"),
    Behaviour("V052", "totp-code without the totp:read scope: 403", "our choice"),
    Behaviour("V053", "GET own id: 200, equals create response", "observed server"),
    Behaviour("V054", "GET id of another org: 404 Credential not found", "observed source"),
    Behaviour("V055", "GET 300-char id: 404", "observed server"),
    Behaviour("V056", "list, no rows: 200 []", "observed server"),
    Behaviour("V057", 'list page=0 / page_size=0 / page=x: 422, loc ["query",...]', "observed server"),
    Behaviour("V058", "list page=99: 200 []", "observed server"),
    Behaviour("V059", "list default: at most 10 rows", "observed source, observed server"),
    Behaviour("V060", "list vault_type=foo or empty: 422", "observed server"),
    Behaviour("V061", "list credential_type=secret: only secrets", "observed server"),
    Behaviour("V062", 'list search=LEGACY with name "legacy": found (case-insensitive)', "observed server"),
    Behaviour("V063", "list search=1111 / search=4111 for CC: found / not found", "observed server"),
    Behaviour("V064", "list search=%25 (percent sign): matches only literal %", "observed server"),
    Behaviour("V065", "list search of 201 chars: 422", "observed server"),
    Behaviour("V066", "list search=<credential id>: 1 row", "observed wheel, observed server"),
    Behaviour("V067", "list folder_id=<id>: rows of that folder only", "observed source, observed server"),
    Behaviour("V068", "update unknown id, valid body: 404 Credential not found, credential_id=<id>", "observed server"),
    Behaviour("V069", "update unknown id, invalid body: 422 (validation before lookup)", "observed server"),
    Behaviour(
        "V070",
        'update password -> secret: 200; credential is {"secret_label":null}; old username gone; folder kept',
        "observed server",
    ),
    Behaviour(
        "V071", 'update with vault_type:"bitwarden" on a native row: 200, vault_type unchanged', "observed server"
    ),
    Behaviour("V072", "update with invalid vault_type: 422", "observed server"),
    Behaviour(
        "V073",
        'update authenticator row with plain PW: 200; totp_type:"none", has_totp:true; totp-code 400',
        "observed server",
    ),
    Behaviour(
        "V074", 'then update with totp_type:"authenticator", no totp: 400 authenticator_key_required', "observed server"
    ),
    Behaviour("V075", "update with totp:null: has_totp:false", "observed server"),
    Behaviour(
        "V076",
        "update password omitting metadata: stored metadata kept; metadata:null clears",
        "observed source, observed server",
    ),
    Behaviour(
        "V077",
        'card update omitting billing fields: kept; billing_address:{"line1":"zz"} keeps old city',
        "observed source, observed server",
    ),
    Behaviour("V078", "card update billing_email:null: cleared", "observed server"),
    Behaviour("V079", "update omitting tested_url: kept", "observed source, observed server"),
    Behaviour("V080", "update omitting proxy fields: kept", "observed source, observed server"),
    Behaviour(
        "V081",
        "two concurrent updates: one 200, the other 409 or a later 200; stored is what the last 200 sent",
        "observed source, our choice",
    ),
    Behaviour("V082", "PUT /v1/credentials/{id}: 405", "observed server"),
    Behaviour("V083", "PUT /api/v1/credentials/{id}: 200 (update)", "observed server"),
    Behaviour("V084", "delete; delete again; get: 204; 404 with id text; 404", "observed server"),
    Behaviour(
        "V085", "DELETE /v1/credentials/{cred id}: 404 unsupported provider; credential still there", "observed server"
    ),
    Behaviour("V086", "DELETE /api/v1/credentials/{cred id}: 200 null; credential gone", "observed server"),
    Behaviour("V087", 'PATCH {"name":"ren"}: 200, secret unchanged', "observed source, observed server"),
    Behaviour("V088", 'PATCH {} / {"foo":1}: 422 value_error at ["body"]', "observed server"),
    Behaviour("V089", 'PATCH {"name":""} / {"name":null}: 422 / 200 unchanged', "observed server"),
    Behaviour("V090", "PATCH user_context of 1001 chars / blank: 422 / 200 unchanged", "observed server"),
    Behaviour("V091", 'PATCH {"run_sequentially":true}: 400', "observed server"),
    Behaviour("V092", "PATCH unknown id: 404 with id text", "observed server"),
    Behaviour("V093", 'create proxy_location:"RESIDENTIAL_ISP": session id matches ^[0-9a-f]{10}$', "observed server"),
    Behaviour("V094", 'create proxy_session_id:"mykey" only: RESIDENTIAL_ISP + mykey', "observed server"),
    Behaviour("V095", "create US-CA + session id: location kept, session null", "observed server"),
    Behaviour(
        "V096",
        "create GeoTarget us, us-ca, LA: echoed as US, CA, LA",
        "observed source, observed server",
    ),
    Behaviour("V097", "GeoTarget CN, USA, or without country: 422", "observed source, observed server"),
    Behaviour("V098", 'proxy_location:"MARS" / 5: 422', "observed server"),
    Behaviour("V099", 'proxy_location:"": 201, null', "observed server"),
    Behaviour("V100", 'proxy_location:{"url":"http://x"}: 422', "observed server"),
    Behaviour("V101", 'proxy_location:"{\\"country\\":\\"GB\\"}": parsed to object', "observed server"),
    Behaviour("V102", "PATCH rotate_proxy_session_id:true twice: two different ids, location ISP", "observed server"),
    Behaviour("V103", "PATCH proxy_session_id:null: both null", "observed server"),
    Behaviour("V104", "no key / blank key: 403 Invalid credentials", "observed server"),
    Behaviour("V105", "wrong key: 403, string detail, never 401", "observed server"),
    Behaviour("V106", "no key + invalid body: 403 (not 422)", "observed server"),
    Behaviour("V107", "no key + malformed JSON: 403 (Skyvern: 422)", "observed server, our choice"),
    Behaviour("V108", "valid key + malformed JSON: 422 json_invalid", "observed server"),
    Behaviour("V109", "Authorization: Basic ... + valid x-api-key: accepted through the key", "observed source"),
    Behaviour(
        "V110",
        "any 422 on credential routes: items have only loc, msg, type; no submitted value anywhere",
        "observed source, observed server",
    ),
    Behaviour(
        "V111", "folder create, assign, list, count: 200, folder_id prefix cfld_, credential_count:1", "observed server"
    ),
    Behaviour("V112", 'folder title "" / 256 chars: 422', "observed source, observed server"),
    Behaviour("V113", "assign unknown folder / missing key / unknown credential: 400 / 422 / 404", "observed server"),
    Behaviour("V114", "folder delete, delete again: 200 body, credential unfiled; 404", "observed server"),
    Behaviour("V115", "folders page_size=501: 422", "observed server"),
    Behaviour("V116", 'totp push of a bare URL: otp_type:"magic_link", code = URL', "observed server"),
    Behaviour("V117", "totp push missing totp_identifier: 422", "observed server"),
    Behaviour(
        "V118",
        'totp push "Your code is 123456": 200, code:"123456" by rules (Skyvern: LLM)',
        "observed source, our choice",
    ),
    Behaviour("V119", 'totp push of long text without a code: 200, code:"", status:"raw_pending"', "observed source"),
    Behaviour(
        "V120",
        "totp list limit=201 / otp_type=magic_link / identifier in other case: 422 / filtered / matched",
        "observed server",
    ),
    Behaviour("V121", "totp push expired_at with +02:00: returned as naive UTC", "observed wheel, observed server"),
    Behaviour("V122", "POST /v1/credentials/test-login: 501, nothing stored", "our choice"),
)
