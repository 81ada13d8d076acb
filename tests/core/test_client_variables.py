import shlex

import pytest

from strongroom.core.client_variables import (
    CA_VARIABLES,
    JAVA_OPTIONS,
    PROXY_VARIABLES,
    WGETRC,
    TrustFiles,
    client_variables,
    other_forms,
    wgetrc,
)

PROXY = "http://strongroom:srt_token@10.1.2.3:8701"
FILES = TrustFiles(bundle="/d/ca.pem", wgetrc="/d/wgetrc", java_trust_store="/d/ca.p12")


def test_every_client_is_told_of_the_proxy_and_of_the_certificates_in_its_own_form() -> None:
    told = client_variables(PROXY, FILES, loopback_through_proxy=False)
    assert {told[name] for name in PROXY_VARIABLES} == {PROXY}
    assert {told[name] for name in CA_VARIABLES} == {FILES.bundle}
    assert told[WGETRC] == FILES.wgetrc
    assert "-Djavax.net.ssl.trustStore=/d/ca.p12" in told[JAVA_OPTIONS].split()


def test_java_is_told_where_the_proxy_is_and_not_the_token() -> None:
    options = client_variables(PROXY, FILES, loopback_through_proxy=False)[JAVA_OPTIONS].split()
    assert {"-Dhttps.proxyHost=10.1.2.3", "-Dhttps.proxyPort=8701", "-Dhttp.proxyHost=10.1.2.3"} <= set(options)
    assert "srt_token" not in " ".join(options)


@pytest.mark.parametrize("through", [True, False])
def test_loopback_goes_where_egress_may_reach_it(through: bool) -> None:
    told = client_variables(PROXY, FILES, loopback_through_proxy=through)
    assert (told["NO_PROXY"] == "") is through
    assert ("-Dhttp.nonProxyHosts=" in told[JAVA_OPTIONS].split()) is through


def test_a_path_with_spaces_stays_one_option() -> None:
    spaced = TrustFiles(bundle="b", wgetrc="w", java_trust_store="/a folder/ca.p12")
    options = shlex.split(client_variables(PROXY, spaced, loopback_through_proxy=True)[JAVA_OPTIONS])
    assert "-Djavax.net.ssl.trustStore=/a folder/ca.p12" in options


def test_java_options_that_were_set_already_come_first_so_that_ours_win() -> None:
    told = other_forms(PROXY, FILES, loopback_through_proxy=True, before={JAVA_OPTIONS: "-Xmx1g"})
    assert told[JAVA_OPTIONS].startswith("-Xmx1g -D")


def test_settings_for_wget_that_were_there_are_kept() -> None:
    assert wgetrc("/d/ca.pem") == "ca_certificate = /d/ca.pem\n"
    assert wgetrc("/d/ca.pem", "tries = 3") == "tries = 3\nca_certificate = /d/ca.pem\n"
