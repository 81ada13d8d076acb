"""What this dialect does, case by case: id, sentence, source. `test_behaviours.py` proves that each has a test.

The ids are the case numbers of the contract; the runtime, validation and webhook cases live with those.
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
        "A001", "SDK 2.11 vaults.list() with api_key: header Authorization: Bearer … accepted, 200", "measured client"
    ),
    Behaviour("A002", "SDK 1.x vaults.list() (x-api-key, 2023-06-01, ?beta=true): 200", "measured client"),
    Behaviour(
        "A003",
        'no credentials: 401 authentication_error; body type:"error"; request_id = request-id header',
        "vendor docs",
    ),
    Behaviour("A004", "wrong key: 401, no anthropic-workspace-id header", "vendor docs"),
    Behaviour("A005", "no anthropic-version: 400, anthropic-version: header is required", "vendor docs, observed"),
    Behaviour("A006", "anthropic-version: 2027-05-01: 200", "our choice"),
    Behaviour("A007", "no anthropic-beta (default mode) / strict mode: 200 / 400", "our choice"),
    Behaviour(
        "A008",
        'betas=["foo-2026-01-01"]: header is foo-2026-01-01,managed-agents-2026-04-01; 200',
        "measured client, our choice",
    ),
    Behaviour("A009", "workspace_id= own / other: 200 / 403 permission_error", "SDK 2.11, our choice"),
    Behaviour("A010", "any 2xx: obj._request_id starts with req_", "vendor docs"),
    Behaviour("A011", "GET /v1/nope / PUT /v1/vaults: 404 / 405, JSON error bodies", "our choice"),
    Behaviour("A012", "body { / body of 2 MiB: 400 / 413 request_too_large", "vendor docs, our choice"),
    Behaviour("A013", "base_url with path prefix: all calls work", "measured client"),
    Behaviour("A014", "GET /v1/vaults/ (trailing slash): no 3xx; 404 or same as list", "measured client"),
    Behaviour("A015", "GET /v1/vaults/a%2Fb: 404 not_found_error", "measured client"),
    Behaviour(
        "A016",
        "create credential with secret_value of 4097 chars: 400; response text contains no part of the value",
        "vendor docs",
    ),
    Behaviour("A017", "any 409: has x-should-retry: false; SDK makes exactly 1 attempt", "measured client"),
    Behaviour(
        "A018", 'create {"display_name":"A"}: 200; type:"vault", metadata:{}, archived_at:null, id vlt_…', "SDK 2.11"
    ),
    Behaviour("A019", 'create without display_name / "" / 256 chars: 400 each', "vendor docs"),
    Behaviour("A020", "create with 255-char name and 16 metadata pairs: 200", "vendor docs"),
    Behaviour("A021", "create with 17 pairs / 65-char key / 513-char value / integer value: 400 each", "vendor docs"),
    Behaviour("A022", "create with unknown field name: 400", "our choice"),
    Behaviour("A023", "retrieve unknown id: 404, message vault <id> not found", "observed"),
    Behaviour("A024", "retrieve id of another workspace: 404, same body shape", "our choice"),
    Behaviour("A025", "update {}: 200, unchanged, updated_at unchanged", "our choice"),
    Behaviour("A026", 'update metadata {"a":"2","b":null} on {"a":"1","b":"x","c":"y"}: {"a":"2","c":"y"}', "SDK 2.11"),
    Behaviour("A027", 'update metadata {"a":""}: key a kept with empty value', "SDK 2.11"),
    Behaviour("A028", "update adding keys beyond 16 in total: 400, nothing changed", "our choice"),
    Behaviour("A029", "update display_name: null: 200, name unchanged", "our choice"),
    Behaviour("A030", "list with 25 vaults: 20 rows, newest first, next_page non-null", "vendor example, vendor docs"),
    Behaviour("A031", "follow next_page: 5 rows, next_page:null; no repeats", "SDK 2.11"),
    Behaviour("A032", 'list when none exist: {"data":[],"next_page":null}; SDK iteration ends', "measured client"),
    Behaviour("A033", "list limit=100 / 101 / 0: 200 / 400 / 400", "SDK 2.11, our choice"),
    Behaviour("A034", "list page=garbage: 400", "our choice"),
    Behaviour("A035", "insert a vault between two pages: second page neither repeats nor skips old rows", "our choice"),
    Behaviour("A036", "archive with empty body: 200, archived_at set", "measured client, SDK 2.11"),
    Behaviour("A037", "archive again: 200, same archived_at, no second event", "our choice"),
    Behaviour("A038", "list default / include_archived=true after A036: absent / present", "vendor docs"),
    Behaviour("A039", "update archived vault; create credential in it: 400; 400", "our choice"),
    Behaviour(
        "A040", "archive v with 2 active credentials: both get archived_at; secrets gone from the store", "vendor docs"
    ),
    Behaviour(
        "A041",
        'delete: 200 {"id":…,"type":"vault_deleted"}; retrieve → 404; delete again → 404',
        "SDK 2.11, vendor docs",
    ),
    Behaviour("A042", "delete v with credentials: credential retrieve → 404", "vendor docs"),
    Behaviour("A043", "static_bearer: 200; auth keys exactly type, mcp_server_url; token nowhere", "vendor example"),
    Behaviour("A044", "mcp_oauth without refresh: expires_at null, refresh null", "SDK 2.11"),
    Behaviour(
        "A045",
        "mcp_oauth, refresh client_secret_post: token_endpoint_auth is its type only; no tokens, no secret",
        "vendor example",
    ),
    Behaviour("A046", "mcp_oauth with refresh none plus client_secret: 400", "our choice"),
    Behaviour("A047", "expires_at in the past / without offset: 400 / 400", "SDK 2.11, our choice"),
    Behaviour("A048", "expires_at 2099-01-01T02:00:00+02:00: echoed as the same instant in UTC", "our choice"),
    Behaviour("A049", 'token 8193 chars / "" / containing LF: 400 each', "vendor docs, our choice"),
    Behaviour("A050", "mcp_server_url 2048 chars / ftp://x / with userinfo: 400 each", "vendor docs, our choice"),
    Behaviour("A051", 'environment_variable without injection_location: {"header":true,"body":true}', "vendor docs"),
    Behaviour("A052", 'injection_location {"header":true}: {"header":true,"body":false}', "vendor docs"),
    Behaviour("A053", 'injection_location {} / both false / null / {"header":null}: 400 each', "vendor docs"),
    Behaviour("A054", "networking missing: 400", "SDK 2.11"),
    Behaviour("A055", "limited with 16 / 17 hosts: 200 / 400", "vendor example"),
    Behaviour(
        "A056",
        "hosts https://a.com, a.com:443, a.com/x, [::1], *, a.*.com, 127.1: 400 each",
        "vendor example, our choice",
    ),
    Behaviour("A057", "hosts API.Example.com.: stored and echoed api.example.com", "our choice"),
    Behaviour("A058", "secret_name 1BAD / PATH / 256 chars: 400 each", "our choice, vendor docs"),
    Behaviour("A059", "secret_value with CRLF, header enabled / body only: 400 / 200", "our choice"),
    Behaviour("A060", "unknown auth.type: 400", "our choice"),
    Behaviour("A061", "second credential, same mcp_server_url: 409 conflict_error", "vendor docs"),
    Behaviour("A062", "mcp_oauth where a static_bearer has the URL: 409", "observed"),
    Behaviour("A063", "same URL but upper-case host, :443, trailing /: 409", "vendor docs, our choice"),
    Behaviour("A064", "same host, other path: 200", "vendor docs"),
    Behaviour("A065", "same secret_name / other case: 409 / 200", "vendor docs, our choice"),
    Behaviour("A066", "same key in another vault: 200", "vendor docs"),
    Behaviour("A067", "archive the first, create the same key again: 200", "vendor docs"),
    Behaviour("A068", "21st active credential; archive one, retry: 400; 200", "vendor docs, our choice"),
    Behaviour("A069", "create during which the upstream is down: 200 (no network call is made)", "vendor docs"),
    Behaviour("A070", "retrieve c under another vault's id: 404", "our choice"),
    Behaviour(
        "A071",
        "list default / include_archived=true: archived excluded / included, newest first",
        "vendor example, vendor docs",
    ),
    Behaviour("A072", "create display_name:null: 200, null", "measured client"),
    Behaviour("A073", "update {}: 200, unchanged", "measured client"),
    Behaviour(
        "A074",
        'update auth {"type":"static_bearer","token":"new"}: 200, later injection uses the new token',
        "vendor example",
    ),
    Behaviour("A075", "update with another auth.type: 400", "SDK 2.11"),
    Behaviour("A076", "update with auth.mcp_server_url or auth.secret_name: 400", "vendor docs, our choice"),
    Behaviour("A077", "update access_token without expires_at: stored expires_at unchanged", "SDK 2.11"),
    Behaviour("A078", 'update refresh {"scope":""}: response scope:null, refresh calls send no scope', "SDK 2.11"),
    Behaviour("A079", "update refresh on a credential without one: 400", "our choice"),
    Behaviour(
        "A080",
        "stored client_secret_post, update basic + secret: 200; type stays, new secret used in the form body",
        "SDK 2.11",
    ),
    Behaviour("A081", "stored none, update with basic + secret: 400", "SDK 2.11"),
    Behaviour("A082", 'update token_endpoint_auth {"type":"none"}: 400', "SDK 2.11"),
    Behaviour("A083", "limited [a,b], update networking limited [c]: [c] only", "vendor example"),
    Behaviour("A084", 'update networking → unrestricted: {"type":"unrestricted"}', "vendor example"),
    Behaviour("A085", "update without networking: host list kept", "vendor example"),
    Behaviour("A086", '{header:T,body:T}, update {"body":false}: {header:T,body:F}', "vendor docs"),
    Behaviour("A087", 'then update {"header":false}: 400, unchanged', "vendor docs"),
    Behaviour("A088", 'update display_name "": 400', "vendor example"),
    Behaviour("A089", "update metadata patch: as A026", "vendor example"),
    Behaviour(
        "A090", "archive: archived_at set; key fields still present; secret purged", "vendor example, vendor docs"
    ),
    Behaviour("A091", "update archived / validate archived: 400 / 400", "our choice"),
    Behaviour("A092", "delete; delete again: 200 vault_credential_deleted; 404", "SDK 2.11"),
    Behaviour("A094", "validate a static_bearer credential: 400", "our choice"),
    Behaviour("A095", "MCP server answers initialize: valid, mcp_probe:null, refresh:null", "vendor docs, SDK 2.11"),
    Behaviour("A096", "401, no refresh block: invalid, refresh no_refresh_token", "vendor docs"),
    Behaviour("A097", "401, refresh succeeds, probe ok: valid; next use sends the new token", "SDK 2.11, our choice"),
    Behaviour("A098", "401, token endpoint 400 invalid_grant: invalid, refresh failed", "vendor docs"),
    Behaviour("A099", "401, token endpoint refuses connection: unknown, refresh connect_error", "vendor docs"),
    Behaviour("A100", "MCP server times out: unknown, mcp_probe.http_response:null", "SDK 2.11"),
    Behaviour("A101", "MCP server 503: unknown", "vendor docs"),
    Behaviour("A102", "MCP server echoes the token, 10 kB long: scrubbed, body_truncated:true", "SDK 2.11"),
    Behaviour("A103", "MCP server answers 302: not followed; not valid", "our choice"),
    Behaviour(
        "A104",
        'create {"name":"n"}: cloud, unrestricted, six empty package lists, description:null, scope:"organization"',
        "vendor docs, our choice",
    ),
    Behaviour("A105", "create limited with nothing else: allowed_hosts:[], both flags false", "vendor docs"),
    Behaviour("A106", "limited + packages without allow_package_managers: 400", "vendor docs"),
    Behaviour("A107", "limited hosts with scheme, port or path: 400", "vendor docs"),
    Behaviour("A108", "unrestricted with allowed_hosts: 400", "our choice"),
    Behaviour(
        "A109",
        'update networking {"type":"limited","allow_mcp_servers":true} on limited [a]: hosts still [a], flag true',
        "SDK 2.11",
    ),
    Behaviour(
        "A110",
        "update config.type: 400, error_code invalid_config_type_change; SDK raises its own subclass",
        "SDK 2.11",
    ),
    Behaviour("A111", 'update description null / "" / omitted: null / "" / kept', "SDK 2.11"),
    Behaviour("A112", 'update metadata {"k":""}: key removed', "SDK 2.11"),
    Behaviour("A113", 'scope:"account": 400', "SDK 2.11"),
    Behaviour("A114", 'create self_hosted: config is {"type":"self_hosted"}', "SDK 2.11"),
    Behaviour("A115", "update archived: 400, error_code environment_archived", "SDK 2.11"),
    Behaviour(
        "A116",
        "delete while an idle session uses it / after its delete: 409 / 200 environment_deleted",
        "vendor docs, observed",
    ),
    Behaviour("A117", "archive twice: 200, 200, one event", "vendor docs"),
    Behaviour(
        "A118",
        'create with agent string, environment, 2 vaults: 200, strict parse ok, status:"idle", vault_ids in order',
        "SDK 2.11",
    ),
    Behaviour("A119", "create without vaults: vault_ids:[]", "SDK 2.11"),
    Behaviour("A120", "unknown vault: 404 vault <id> not found", "observed"),
    Behaviour("A121", "archived vault / archived environment: 400 / 400", "vendor docs, our choice"),
    Behaviour("A122", "limited env, flag false, override MCP server off-list: 400", "vendor docs"),
    Behaviour("A123", "update with vault_ids (even []): 400", "SDK 2.11"),
    Behaviour("A124", "update title and metadata patch: 200", "SDK 2.11"),
    Behaviour(
        "A125",
        'list statuses=["idle","running"], created_at_gt: server reads statuses[] twice and created_at[gt]',
        "measured client",
    ),
    Behaviour("A126", "list order=asc, then its token with order=desc: 400", "vendor docs"),
    Behaviour("A127", "first page / second page: prev_page null / set and leads back", "vendor docs"),
    Behaviour("A128", 'archive: archived_at set, status:"terminated"; placeholders dead', "vendor docs, our choice"),
    Behaviour("A129", "delete: 200 session_deleted; vaults still there", "vendor docs"),
    Behaviour("A130", "create with non-empty resources: 400", "our choice"),
)
