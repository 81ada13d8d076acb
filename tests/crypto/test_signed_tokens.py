"""Tokens as an attacker would make them: what is verified is what the issuer has signed, and nothing else."""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from strongroom.core.failures import BadReply, NotAuthenticated, NotTaken
from strongroom.core.secret import Secret
from strongroom.crypto.signed_tokens import MAX_KEYS, MAX_TOKEN, KeySet, SignedToken, is_signed_token
from tests.oauth.token_issuer import new_key, public_jwk

CLAIMS: dict[str, Any] = {"iss": "https://login.test", "sub": "somebody"}
KEYS = {algorithm: new_key(algorithm) for algorithm in ("RS256", "ES256", "EdDSA")}
SHOWN = [public_jwk(key, algorithm, algorithm.lower()) for algorithm, key in KEYS.items()]

TWO_ALGORITHMS = b'{"alg":"none","alg":"ES256"}'
TWO_ISSUERS = b'{"iss":"a","iss":"b"}'


def key_set(*rows: dict[str, Any]) -> KeySet:
    return KeySet.read(json.dumps({"keys": list(rows or SHOWN)}).encode())


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(algorithm: str = "ES256", claims: dict[str, Any] | None = None, **head: object) -> str:
    return jwt.encode(
        claims or CLAIMS, KEYS[algorithm], algorithm=algorithm, headers={"kid": algorithm.lower(), **head}
    )


def verified(token: str, keys: KeySet | None = None) -> object:
    return (keys or key_set()).verified(SignedToken.read(Secret(token)))


def why(token: str, keys: KeySet | None = None) -> NotTaken | None:
    with pytest.raises(NotAuthenticated) as refused:
        verified(token, keys)
    return refused.value.why


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_of_another_library_is_verified(algorithm: str) -> None:
    assert verified(signed(algorithm)) == CLAIMS


def test_the_new_name_of_the_edwards_curve_means_the_same() -> None:
    key = KEYS["EdDSA"]
    head, claims = encoded({"alg": "Ed25519", "kid": "eddsa"}), encoded(CLAIMS)
    signature = key.sign(f"{head}.{claims}".encode())
    row = {**public_jwk(key, "EdDSA", "eddsa"), "alg": "Ed25519"}
    assert verified(f"{head}.{claims}.{encoded(signature)}", key_set(row)) == CLAIMS


def test_a_token_without_a_signature_is_not_taken() -> None:
    for algorithm in ("none", "None", "NONE"):
        unsigned = f"{encoded({'alg': algorithm, 'kid': 'es256'})}.{encoded(CLAIMS)}."
        assert why(unsigned) is NotTaken.ALGORITHM
    head, claims, _ = signed().split(".")
    assert why(f"{head}.{claims}.") is NotTaken.SIGNATURE


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_no_shared_secret(algorithm: str) -> None:
    """The classic: a token by HS256, with the key that everybody can see."""
    row = next(each for each in SHOWN if each["alg"] == algorithm)
    head, claims = encoded({"alg": "HS256", "kid": row["kid"]}), encoded(CLAIMS)
    key = KEYS[algorithm].public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (json.dumps(row).encode(), pem):
        mac = hmac.digest(secret, f"{head}.{claims}".encode(), hashlib.sha256)
        assert why(f"{head}.{claims}.{encoded(mac)}") is NotTaken.ALGORITHM


@pytest.mark.parametrize(
    "algorithm", ["RS384", "RS512", "PS256", "ES384", "ES512", "ES256K", "HS512", "", 7, ["ES256"]]
)
def test_other_algorithms_are_not_taken(algorithm: object) -> None:
    token = f"{encoded({'alg': algorithm, 'kid': 'es256'})}.{encoded(CLAIMS)}.{encoded(b'x')}"
    assert why(token) is NotTaken.ALGORITHM


def test_a_key_verifies_by_the_algorithm_of_its_type_alone() -> None:
    assert why(signed("ES256", kid="rs256")) is NotTaken.KEY_UNKNOWN
    others = key_set({**SHOWN[0], "alg": "RS512"}, {**SHOWN[1], "use": "enc"})
    assert len(others) == 0


def test_the_name_of_another_key_does_not_help() -> None:
    rows = [public_jwk(KEYS["ES256"], "ES256", "one"), public_jwk(new_key("ES256"), "ES256", "two")]
    assert verified(signed(kid="one"), key_set(*rows)) == CLAIMS
    assert why(signed(kid="two"), key_set(*rows)) is NotTaken.SIGNATURE
    assert why(signed(kid="three"), key_set(*rows)) is NotTaken.KEY_UNKNOWN


def test_a_token_that_names_no_key_is_for_issuers_with_one() -> None:
    nameless = jwt.encode(CLAIMS, KEYS["ES256"], algorithm="ES256")
    assert verified(nameless) == CLAIMS
    assert why(nameless, key_set(*SHOWN, public_jwk(new_key("ES256"), "ES256", "two"))) is NotTaken.KEY_UNKNOWN


def test_two_keys_of_one_name_verify_nothing() -> None:
    assert why(signed(), key_set(*SHOWN, public_jwk(new_key("ES256"), "ES256", "es256"))) is NotTaken.KEY_UNKNOWN


def test_keys_that_a_token_brings_along_are_not_looked_at() -> None:
    own = new_key("ES256")
    brought = public_jwk(own, "ES256", "es256")
    head: dict[str, Any] = {
        "kid": "es256",
        "jwk": brought,
        "jku": "https://evil.test/keys",
        "x5u": "https://evil.test/x",
        "x5c": ["QQ=="],
    }
    assert why(jwt.encode(CLAIMS, own, algorithm="ES256", headers=head)) is NotTaken.SIGNATURE
    assert verified(signed(**head)) == CLAIMS


@pytest.mark.parametrize("head", [{"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": True}])
def test_what_a_head_calls_critical_is_refused(head: dict[str, Any]) -> None:
    token = f"{encoded({'alg': 'ES256', 'kid': 'es256', **head})}.{encoded(CLAIMS)}.{signed().split('.')[2]}"
    assert why(token) is NotTaken.MALFORMED


@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt", "secevent+jwt", 7])
def test_tokens_of_other_kinds_are_not_taken(kind: object) -> None:
    head = encoded({"alg": "ES256", "kid": "es256", "typ": kind})
    assert why(f"{head}.{encoded(CLAIMS)}.{encoded(b'x')}") is NotTaken.MALFORMED


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "application/at+JWT"])
def test_access_tokens_say_what_they_are_or_nothing(kind: str) -> None:
    assert verified(signed(typ=kind)) == CLAIMS
    assert verified(signed(typ=None)) == CLAIMS


def test_a_changed_letter_is_found() -> None:
    head, _, signature = signed().split(".")
    assert why(f"{head}.{encoded({**CLAIMS, 'sub': 'somebody else'})}.{signature}") is NotTaken.SIGNATURE


@pytest.mark.parametrize(
    "token",
    [
        "eyJ.x.y",
        "eyJhbGciOiJFUzI1NiJ9.e30",
        f"{encoded(['alg'])}.{encoded(CLAIMS)}.x",
        f"{encoded({'alg': 'ES256'})}.{encoded([1])}.x",
        f"{encoded({'alg': 'ES256'})}.{encoded(b'{')}.x",
        f"{encoded({'alg': 'ES256'})}.{encoded(b'{' * 5000)}.x",
        f"{encoded({'alg': 'ES256'})}.{encoded(b'[' * 5000)}.x",
        f"{encoded({'alg': 'ES256'})}.{encoded({'sub': 'x'})}.x",
        f"{encoded({'alg': 'ES256', 'kid': 7})}.{encoded(CLAIMS)}.x",
        f"{encoded(TWO_ALGORITHMS)}.{encoded(CLAIMS)}.x",
        f"{encoded({'alg': 'ES256'})}.{encoded(TWO_ISSUERS)}.x",
        f"{encoded({'alg': 'ES256'})}.{encoded(CLAIMS)}.x.y",
        f"{encoded({'alg': 'ES256'})}.{encoded(CLAIMS)}.ü",
    ],
)
def test_what_is_no_token_is_refused_without_a_word_of_it(token: str) -> None:
    assert why(token) is NotTaken.MALFORMED


def test_a_token_is_bounded_before_it_is_read() -> None:
    assert verified(signed(claims={**CLAIMS, "groups": ["g" * 50] * 150})) != CLAIMS
    assert why(signed(claims={**CLAIMS, "groups": ["g" * 50] * 250})) is NotTaken.MALFORMED
    assert why("eyJ" + "a" * MAX_TOKEN + ".a.a") is NotTaken.MALFORMED


def test_a_long_head_is_read_as_issuers_with_certificates_send_it() -> None:
    assert verified(signed(x5c=["Q" * 2000])) == CLAIMS


def test_keys_are_told_from_tokens() -> None:
    assert is_signed_token(Secret(signed()))
    assert not is_signed_token(Secret("srk_" + "a" * 43))
    assert not is_signed_token(Secret("my.own.key-of-twenty-characters"))


@pytest.mark.parametrize("document", [b"", b"[]", b'{"keys": {}}', b'{"keys": 1}', b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(BadReply):
        KeySet.read(document)


def test_keys_that_are_none_of_ours_are_passed_over() -> None:
    weak = public_jwk(rsa.generate_private_key(public_exponent=65537, key_size=1024), "RS256", "weak")  # noqa: S505 - that is the point
    other_curve = ec.generate_private_key(ec.SECP384R1())
    rows: list[Any] = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {"kty": "XYZ"},
        {"kty": ["RSA"]},
        {"kty": "RSA", "n": 7, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {**public_jwk(other_curve, "ES384", "p384"), "alg": "ES256"},
        {**SHOWN[1], "alg": ["ES256"]},
        {**SHOWN[1], "use": ["sig"]},
        weak,
        "nothing",
        None,
    ]
    assert len(key_set(*rows)) == 0
    assert verified(signed(), key_set(*rows, *SHOWN)) == CLAIMS


def test_a_set_is_read_up_to_a_bound() -> None:
    assert len(key_set(*[SHOWN[1]] * (MAX_KEYS + 5))) == MAX_KEYS
