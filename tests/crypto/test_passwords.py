from strongroom.core.secret import Secret
from strongroom.crypto.passwords import RFC_9106, TESTS_ONLY, Costs, derive_key

SALT = b"0123456789abcdef"


def test_the_same_passphrase_salt_and_costs_give_the_same_key() -> None:
    one, other = (derive_key(Secret("correct horse"), salt=SALT, costs=TESTS_ONLY) for _ in range(2))
    assert one == other
    assert len(one) == 32


def test_each_of_them_changes_the_key() -> None:
    keys = {
        derive_key(Secret("correct horse"), salt=SALT, costs=TESTS_ONLY),
        derive_key(Secret("correct horse!"), salt=SALT, costs=TESTS_ONLY),
        derive_key(Secret("correct horse"), salt=SALT[::-1], costs=TESTS_ONLY),
        derive_key(Secret("correct horse"), salt=SALT, costs=Costs(passes=2, memory_kib=8, lanes=1)),
    }
    assert len(keys) == 4


def test_two_spellings_of_one_letter_are_one_passphrase() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert derive_key(Secret(composed), salt=SALT, costs=TESTS_ONLY) == derive_key(
        Secret(decomposed), salt=SALT, costs=TESTS_ONLY
    )


def test_the_real_costs_are_those_of_the_standard() -> None:
    assert Costs(passes=3, memory_kib=65536, lanes=4) == RFC_9106


def test_a_derivation_at_the_real_costs_is_the_same_for_ever() -> None:
    assert derive_key(Secret("correct horse battery staple"), salt=SALT, costs=RFC_9106).hex() == (
        "efb51f9a76584f6dd6a4f7942a1a2f6ae5a6e4ec5142ff674dfd5d27eb45e446"
    )
