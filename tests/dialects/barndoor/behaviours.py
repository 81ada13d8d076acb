"""What this dialect does, case by case: id, sentence, source. Each has a test (`tests/test_behaviours.py`).

The ids are the case numbers of the contract. What needs the gateway, an issuer of tokens or a cloud lives with those.
"""

from tests.behaviours import Behaviour, covering

BEHAVIOURS = (
    Behaviour("B001", "SDK list_connections of an empty organization: a list of length 0", "measured client"),
    Behaviour(
        "B002",
        "SDK create (openai, api_key): auth_type api_key, key_last4, stores_key_material, org_id, settings {}",
        "vendor docs, SDK",
    ),
    Behaviour("B003", "raw POST of the same body: status exactly 200, application/json", "measured client"),
    Behaviour(
        "B004", "the answer holds nothing of the submitted key and no field api_key or credentials", "vendor docs"
    ),
    Behaviour("B005", "SDK get by UUID object and by string: the same record", "measured client"),
    Behaviour(
        "B006",
        "every answer: all non-null fields there; ids and org_id are UUIDs; moments are RFC 3339 in UTC",
        "measured client",
    ),
    Behaviour("B007", "api_key with credentials {} and settings {}: 200", "vendor docs"),
    Behaviour("B008", "without auth_type: api_key / aws_role / google_adc by vendor", "vendor docs"),
    Behaviour("B009", "the platform's spellings of auth_type are echoed verbatim", "Terraform provider"),
    Behaviour("B010", "openai without base_url: https://api.openai.com/v1", "vendor docs"),
    Behaviour("B011", "custom or azure_openai without base_url: 400", "our choice"),
    Behaviour("B012", "openai without api_key and credentials: 400", "vendor docs, Terraform provider"),
    Behaviour("B013", "openai with credentials {key}: 200, key_last4 from it", "Terraform provider"),
    Behaviour("B014", "api_key with non-empty credentials: 400, nothing stored", "Terraform provider"),
    Behaviour("B015", "model_provider openia: 400", "Terraform provider"),
    Behaviour("B016", "auth_type aws_role on openai: 400", "vendor docs"),
    Behaviour("B017", "settings that are no object: 400", "Terraform provider"),
    Behaviour("B018", "settings with api_key: 400", "our choice"),
    Behaviour("B019", "an api_key with CR and LF: 400, and the value is not in the message", "our choice"),
    Behaviour("B020", "a name that is taken: 409, SDK ConflictException", "OpenAPI"),
    Behaviour("B021", "the same name in another organization: 200", "vendor docs"),
    Behaviour("B022", "bedrock aws_role without region / iam_role_arn: 400 each", "Terraform provider"),
    Behaviour(
        "B023", "with both: external_id made, model_api_family bedrock_converse, nothing stored", "Terraform provider"
    ),
    Behaviour("B024", "PUT of a region keeps external_id and iam_role_arn", "Terraform provider"),
    Behaviour("B025", "a role in credentials: values in settings, stores_key_material false", "vendor docs"),
    Behaviour("B027", "aws-trust-info on an api_key connection: 400", "SDK"),
    Behaviour("B028", "aws-role-config without a principal: configured false", "SDK"),
    Behaviour("B029", "SDK update(api_key): key_last4 new, the rest the same, updated_at later", "vendor docs"),
    Behaviour("B030", "after that, what the gateway is handed is the new key", "vendor docs"),
    Behaviour("B031", "SDK update(name): the secret and key_last4 stay", "vendor docs"),
    Behaviour("B032", "SDK update() with {}: 200, the record equal", "vendor docs, measured client"),
    Behaviour("B033", "settings null: unchanged", "measured client"),
    Behaviour("B034", 'update(api_key=""): 400, the old key still works', "Terraform provider"),
    Behaviour("B035", "the same api_key twice: both 200, one secret version", "measured client"),
    Behaviour("B036", "a change note is there until the next change", "SDK"),
    Behaviour("B037", "another base_url moves the providers that follow, and no other", "Terraform provider"),
    Behaviour("B038", "PATCH does what PUT does", "vendor docs, our choice"),
    Behaviour("B039", "rename to a taken name: 409, nothing changed, nothing rotated", "OpenAPI, our choice"),
    Behaviour("B040", "PUT of an unknown id and of another organization's: equal 404s", "vendor docs"),
    Behaviour("B041", "delete: {deleted: true}, then 404, and the ciphertext is gone", "SDK, Terraform provider"),
    Behaviour("B042", "delete while two providers use it: 409 with count and names", "Terraform provider"),
    Behaviour("B043", "delete of an unknown id: 404", "OpenAPI"),
    Behaviour(
        "B044", 'provider with base_url "": from its connection; secret_path pending; enabled', "Terraform provider"
    ),
    Behaviour("B045", "provider with api_key: 400", "Terraform provider"),
    Behaviour("B046", "provider without connection: 400; with claude_oauth 200", "Terraform provider"),
    Behaviour("B047", "provider with another organization's connection: 404", "Terraform provider"),
    Behaviour("B048", "anthropic provider on an openai connection: 400", "our choice"),
    Behaviour("B049", "two providers on one connection; after a rotation both are handed the new key", "vendor docs"),
    Behaviour("B050", "provider connection null: 400; another: rebound, auth_type follows", "Terraform provider"),
    Behaviour("B051", "a provider's settings lie over its connection's", "Terraform provider"),
    Behaviour("B052", "not_metered without a reason: 400", "SDK"),
    Behaviour("B053", "an enablement made twice: the same id, 200", "vendor docs, Terraform provider"),
    Behaviour("B054", "a route of a model that is not enabled: 400", "Terraform provider"),
    Behaviour("B055", "both lists of mappings parse in the SDK; pricing none", "measured client"),
    Behaviour("B056", "timeouts 120 and 180 unless said; 0, 601 and 301: 400", "Terraform provider"),
    Behaviour("B057", "create_api_key: bd-…, key_prefix 8 characters; lists never show the key", "vendor docs"),
    Behaviour("B058", "user_id with group_name: 400", "vendor docs"),
    Behaviour(
        "B059",
        "no token, garbage, an expired one, another audience, alg none: 401, WWW-Authenticate, UnauthorizedException",
        "vendor docs",
    ),
    Behaviour("B060", "a key without the scope, a valid token without the role: 403", "vendor docs"),
    Behaviour("B061", "a valid JWT without an organization, or of two: 403", "our choice"),
    Behaviour("B062", "a bd- key on /admin: 401", "vendor docs"),
    Behaviour("B063", "created_by_user_id is a UUID whoever asks, and for a subject that is none", "measured client"),
    Behaviour(
        "B064",
        "SDK ClientCredentialsOptions: discovery, a token by Basic, a list; the second call uses the same token",
        "measured client",
    ),
    Behaviour("B065", "a token by a secret in the form: 200", "Terraform provider"),
    Behaviour("B066", "GET and DELETE with a JSON content type and no body: as usual", "measured client"),
    Behaviour("B067", "budgets: 501, one request of the SDK", "measured client"),
    Behaviour("B100", "a Google JSON of another type or with a foreign token_uri: 400", "our choice"),
    Behaviour("B101", "google_adc with ambient identity off: made all the same", "our choice"),
    Behaviour("B102", "aws_role with a host that is not the vendor's: 400", "our choice"),
    Behaviour("B103", "base_url of a metadata address: 400", "our choice"),
    Behaviour("B104", "PUT of base_url alone: 200 and an event, or 400 with the operator's flag", "our choice"),
    Behaviour("B107", "validating a role or Google's identity: an error status, nothing stored", "vendor docs, SDK"),
)

covers = covering(BEHAVIOURS)
