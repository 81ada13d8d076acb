import json

import pytest

from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.behaviours import covers
from tests.dialects.skyvern.bodies import CC, KEYS, PW, S32, SE, body, card, password, secret, without
from tests.dialects.stage import SENTINEL

CREDENTIAL = ["body", "credential"]


@covers("V013")
def test_all_fields_are_shown_and_null_where_there_is_nothing(api: Api) -> None:
    made = api.made(body())
    assert list(made) == KEYS
    assert made["credential_id"].removeprefix("cred_").isdecimal()
    assert without(made, "credential_id") == {
        "credential": {"username": "u@e.co", "totp_type": "none", "totp_identifier": None, "has_totp": False},
        "credential_type": "password",
        "name": "n",
        "vault_type": "skyvern",
        "browser_profile_id": None,
        "auto_profile_disabled": False,
        "pin_saved_session_ip": False,
        "tested_url": None,
        "user_context": None,
        "save_browser_session_intent": False,
        "run_sequentially": False,
        "folder_id": None,
        "proxy_location": None,
        "proxy_session_id": None,
    }


@covers("V014")
def test_no_answer_holds_anything_secret(api: Api) -> None:
    """`Api` looks into every answer for the sentinel."""
    logins = [
        password(password=SENTINEL, totp=SENTINEL, metadata={"answer": SENTINEL}),
        card(card_number=f"{SENTINEL}1111", card_cvv=SENTINEL, card_holder_name=SENTINEL, billing_email=SENTINEL),
        card(card_exp_month=SENTINEL, card_exp_year=SENTINEL, billing_address={"city": SENTINEL}),
        secret(secret_value=SENTINEL),
    ]
    for login in logins:
        id_ = api.made(login)["credential_id"]
        api.get(f"{HERE}/{id_}")
        api.post(f"{HERE}/{id_}/update", login)
        api.patch(f"{HERE}/{id_}", {"name": "other"})
    api.get(HERE)
    api.get(f"{HERE}?search={SENTINEL}")


@covers("V015", "V016")
def test_the_older_prefix_answers_200_and_a_slash_makes_no_difference(api: Api) -> None:
    assert list(api.post(f"{HERE}/", body(), 201)) == KEYS
    for slash in ("", "/"):
        assert list(api.post(f"/api/v1/credentials{slash}", body())) == KEYS


@covers("V017", "V018", "V019", "V020", "V021", "V024", "V025", "V026", "V028", "V029", "V035", "V048", "V110")
@pytest.mark.parametrize(
    ("sent", "place", "kind"),
    [
        (body(credential_type="PASSWORD"), ["body", "credential_type"], "enum"),
        (body(name=5), ["body", "name"], "string_type"),
        (body(vault_type="onepassword"), ["body", "vault_type"], "enum"),
        (body(credential=None), CREDENTIAL, "model_type"),
        (body(credential={}), [*CREDENTIAL, "username"], "missing"),
        (password(password=""), [*CREDENTIAL, "password"], "string_too_short"),
        (password(username=""), [*CREDENTIAL, "username"], "string_too_short"),
        (password(totp_type="text_message"), [*CREDENTIAL, "totp_type"], "enum"),
        (secret(secret_value=""), [*CREDENTIAL, "secret_value"], "string_too_short"),
        (card(card_exp_month=12), [*CREDENTIAL, "card_exp_month"], "string_type"),
        (card(metadata={"a": 1}), [*CREDENTIAL, "metadata", "a"], "string_type"),
        (body(credential_type="credit_card", credential=without(CC, "card_cvv")), [*CREDENTIAL, "card_cvv"], "missing"),
        (password(password=[SENTINEL]), [*CREDENTIAL, "password"], "string_type"),
        (body(auto_profile_disabled=SENTINEL), ["body", "auto_profile_disabled"], "bool_parsing"),
    ],
)
def test_a_field_that_breaks_a_rule_is_named_and_not_repeated(
    api: Api, sent: dict[str, object], place: list[str], kind: str
) -> None:
    assert (place, kind) in api.problems("POST", HERE, sent)
    assert api.get(HERE) == []


@covers("V018")
def test_everything_that_is_missing_is_named_at_once(api: Api) -> None:
    missing = [(["body", name], "missing") for name in ("name", "credential_type", "credential")]
    assert api.problems("POST", HERE, {}) == missing


@covers("V032", "V033")
@pytest.mark.parametrize(
    ("kind", "credential"),
    [("password", SE), ("password", CC), ("credit_card", PW), ("credit_card", SE), ("secret", PW), ("secret", CC)],
)
def test_a_body_of_another_type_is_refused_and_nothing_is_stored(
    api: Api, kind: str, credential: dict[str, str]
) -> None:
    sent = body(credential_type=kind, credential=credential)
    assert api.problems("POST", HERE, sent) == [(CREDENTIAL, "value_error")]
    assert api.get(HERE) == []


@covers("V034")
def test_the_type_says_which_of_several_shapes_is_meant(api: Api) -> None:
    merged = PW | CC | SE
    assert api.made(body(credential_type="secret", credential=merged))["credential"] == {"secret_label": "lab"}
    assert api.made(body(credential_type="password", credential=merged))["credential"]["username"] == "u@e.co"
    assert api.made(body(credential_type="credit_card", credential=merged))["credential"]["brand"] == "visa"


@covers("V022", "V023", "V027", "V030", "V031", "V046")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (password(username=" ", password=" "), {"username": " "}),
        (body(name=""), {}),
        (card(card_number="12"), {"last_four": "12", "brand": "visa"}),
        (card(billing_address={}, metadata={}), {"last_four": "1111"}),
        (body(unknown=1, credential=PW | {"unknown": {"nested": True}}), {}),
        (password(totp_type="none", totp="!!!"), {"totp_type": "none", "has_totp": True}),
        (password(totp_type="passkey"), {"totp_type": "passkey"}),
        (password(totp_type=None), {"totp_type": "none"}),
        (password(totp=""), {"has_totp": False}),
        (body(browser_profile_id=None, vault_type=None), {}),
        (body(vault_type="skyvern"), {}),
    ],
)
def test_what_is_unusual_is_taken(api: Api, sent: dict[str, object], shown: dict[str, object]) -> None:
    made = api.made(sent)
    assert shown.items() <= made["credential"].items()
    assert made["name"] == sent["name"]


@covers("V047")
def test_whom_codes_are_sent_to_is_shown_as_it_was_sent(api: Api) -> None:
    made = api.made(password(totp_type="email", totp_identifier="A@B.co "))
    assert made["credential"]["totp_identifier"] == "A@B.co "


@covers("V036", "V037")
@pytest.mark.parametrize("vault", ["gcp", "custom", "bitwarden", "azure_vault"])
def test_a_vault_that_is_not_set_up_is_refused_and_nothing_is_stored_elsewhere(api: Api, vault: str) -> None:
    assert isinstance(api.post(HERE, body(vault_type=vault), 400)["detail"], str)
    assert api.get(HERE) == []


def test_there_are_no_browser_profiles(api: Api) -> None:
    told = {"detail": "Browser profile not found, browser_profile_id=bp_1"}
    assert api.post(HERE, body(browser_profile_id="bp_1"), 400) == told
    assert api.get(HERE) == []


@covers("V038", "V039", "V044", "V045")
@pytest.mark.parametrize(
    ("totp", "code"),
    [
        (None, "authenticator_key_required"),
        ("", "authenticator_key_required"),
        ("  ", "authenticator_key_required"),
        ("!!!", "invalid_authenticator_key"),
        (f"otpauth://hotp/a?secret={S32}&counter=1", "invalid_authenticator_key"),
        (f"otpauth://totp/a?secret={S32}&digits=5", "invalid_authenticator_key"),
        (f"otpauth://totp/a?secret={S32}&period=0", "invalid_authenticator_key"),
        (f"otpauth://totp/a?secret={S32}&algorithm=MD5", "invalid_authenticator_key"),
        (f"otpauth://totp/a?secret={S32}&issuer=a&issuer=b", "invalid_authenticator_key"),
    ],
)
def test_a_key_that_gives_no_codes_is_refused_before_anything_is_stored(api: Api, totp: str | None, code: str) -> None:
    told = api.post(HERE, password(totp_type="authenticator", totp=totp), 400)["detail"]
    assert told["error_code"] == code
    assert totp is None or not totp.strip() or totp not in told["message"]
    assert api.get(HERE) == []


@covers("V038")
def test_a_key_that_is_left_out_is_asked_for(api: Api) -> None:
    told = api.post(HERE, password(totp_type="authenticator"), 400)["detail"]
    assert told == {"error_code": "authenticator_key_required", "message": "The authenticator key is required."}


@covers("V040", "V041", "V043")
@pytest.mark.parametrize(
    "totp",
    [
        "JBSWY3DPEHPK3PXP",
        "gezd gnbv-gy3tqojqgezdgnbvgy3tqojq",
        f"otpauth%3A%2F%2Ftotp%2Fa%3Fsecret%3D{S32}",
        f"otpauth://totp/a:b?secret={S32}&issuer=other",
    ],
)
def test_a_key_is_taken_in_every_form_in_which_sites_show_it(api: Api, totp: str) -> None:
    made = api.made(password(totp_type="authenticator", totp=totp))
    assert made["credential"] | {"totp_type": "authenticator", "has_totp": True} == made["credential"]


def test_what_is_too_long_is_refused(api: Api) -> None:
    for sent, place in (
        (body(name="n" * 513), ["body", "name"]),
        (password(password="p" * 65_537), [*CREDENTIAL, "password"]),
        (password(metadata={str(n): "v" for n in range(51)}), [*CREDENTIAL, "metadata"]),
        (password(metadata={"k": "v" * 4097}), [*CREDENTIAL, "metadata", "k"]),
    ):
        ((where, kind),) = api.problems("POST", HERE, sent)
        assert (where, kind) in ((place, "string_too_long"), (place, "too_long"))
    assert "over" in api.post(HERE, password(password="p" * 262_144), 413)["detail"]
    assert api.made(password(username="u" * 65_536, password="p" * 65_536))


def test_a_repeat_with_the_same_idempotency_key_makes_one(api: Api) -> None:
    once = {"idempotency-key": "once"}
    first = api.call("POST", HERE, body(), headers=once, status=201)
    again = api.call("POST", HERE, body(), headers=once, status=201)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert len(api.get(HERE)) == 1
    assert len({api.made(body())["credential_id"] for _ in range(2)}) == 2


def test_texts_that_no_database_can_keep_are_refused(api: Api) -> None:
    for text in ("a\0b", "\ud800"):
        for sent in (body(name=text), password(password=text), password(username=text), secret(secret_label=text)):
            content = json.dumps(sent).encode()
            headers = {"content-type": "application/json"}
            api.call("POST", HERE, content=content, headers=headers, status=422)
