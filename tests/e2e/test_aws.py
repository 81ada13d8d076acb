"""boto3 with nothing but a session's variables, against an AWS that checks every signature with the real keys."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme
from botocore.credentials import Credentials

from tests.e2e.aws_stage import BUCKET_HOST, ELSEWHERE, HOST, KEYS, REGION, TEMPORARY, Aws
from tests.e2e.stage import House, bare_environment, running_house, serving, through

HOSTS = (HOST, BUCKET_HOST, ELSEWHERE)
PRELUDE = """
import boto3, io, json, os, sys
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
once = Config(retries={"total_max_attempts": 1})
s3 = boto3.client("s3", config=once)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[House]:
    names = {"STRONGROOM_RESOLVE": ",".join(f"{host}=127.0.0.1" for host in HOSTS)}
    with running_house(tmp_path_factory.mktemp("house"), authority, extra=names) as running:
        yield running


@pytest.fixture
def aws(authority: trustme.CA) -> Iterator[Aws]:
    service = Aws()
    with serving(authority, HOSTS, service.answer) as port:
        service.port = port
        yield service


def pair(house: House, vault: str, keys: Any = KEYS, *, hosts: list[str] | None = None) -> dict[str, str]:  # noqa: ANN401 - botocore's
    hosts = [HOST, f"*.{HOST}"] if hosts is None else hosts
    names = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    names |= {"AWS_SESSION_TOKEN": keys.token} if keys.token else {}
    return {name: house.variable(vault, name, value, hosts) for name, value in names.items()}


def kept(house: House, vault: str, keys: Any) -> None:  # noqa: ANN401 - botocore's
    """Store keys as what they are."""
    body = {"access_key_id": keys.access_key, "secret_access_key": keys.secret_key, "session_token": keys.token}
    house.made(f"/strongroom/v1/vaults/{vault}/aws-keys", body | {"hosts": [HOST, f"*.{HOST}"]})


def boto(
    session: Mapping[str, Any], folder: Path, aws: Aws, code: str, *, host: str = HOST, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run a program as an agent would: its keys are those in the session's variables."""
    environment = bare_environment(folder, session["egress"]["env"])
    environment |= {"AWS_ENDPOINT_URL": f"https://{host}:{aws.port}", "AWS_DEFAULT_REGION": REGION, **extra}
    environment |= {"AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def answered(done: subprocess.CompletedProcess[str]) -> Any:  # noqa: ANN401 - whatever the program says
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def nothing_secret_left(aws: Aws, session: Mapping[str, Any]) -> None:
    secret = session["egress"]["env"]["AWS_SECRET_ACCESS_KEY"]
    for headers, target, body in aws.seen:
        text = f"{headers} {target} {body!r}"
        assert aws.keys.secret_key not in text
        assert secret not in text


def test_boto3_works_with_s3_and_only_holds_placeholders(house: House, aws: Aws, folder: Path) -> None:
    vault = house.vault()
    pair(house, vault)
    session = house.session(house.environment_id(), vault)
    done = boto(
        session,
        folder,
        aws,
        """
big = bytes(range(256)) * 50_000  # 12.8 MB: several parts up, several ranges down
s3.put_object(Bucket="bucket", Key="a b/ü+~(x).txt", Body=b"hello", Metadata={"two": "a  b"})
s3.upload_fileobj(io.BytesIO(big), "bucket", "big", Config=TransferConfig(multipart_chunksize=5 << 20))
down = io.BytesIO()
s3.download_fileobj("bucket", "big", down, Config=TransferConfig(multipart_chunksize=5 << 20))
part = s3.get_object(Bucket="bucket", Key="big", Range="bytes=100-299")
whole = s3.get_object(Bucket="bucket", Key="big")
print(json.dumps({
    "small": s3.get_object(Bucket="bucket", Key="a b/ü+~(x).txt")["Body"].read().decode(),
    "big": down.getvalue() == big,
    "part": part["Body"].read() == big[100:300] and part["ContentLength"] == 200,
    "length": whole["ContentLength"],
    "keys": [each["Key"] for each in s3.list_objects_v2(Bucket="bucket", Prefix="")["Contents"]],
    "deleted": s3.delete_object(Bucket="bucket", Key="big")["ResponseMetadata"]["HTTPStatusCode"],
    "key": os.environ["AWS_ACCESS_KEY_ID"],
}))
""",
    )
    said = answered(done)
    assert aws.refused == []
    assert said["key"].startswith("srp_")
    assert (said["small"], said["big"], said["part"], said["deleted"]) == ("hello", True, True, 204)
    assert said["length"] == 12_800_000
    assert said["keys"] == ["a b/ü+~(x).txt", "big"]
    assert {"PUT s3 STREAMING-UNSIGNED-PAYLOAD-TRAILER", "GET s3 hash", "POST s3 hash"} <= set(aws.served)
    assert any("Range" in headers for headers, _, _ in aws.seen)
    nothing_secret_left(aws, session)


def test_boto3_works_with_services_that_do_not_say_what_their_bodies_hash_to(
    house: House, aws: Aws, folder: Path
) -> None:
    vault = house.vault()
    kept(house, vault, TEMPORARY)
    aws.keys = TEMPORARY
    session = house.session(house.environment_id(), vault)
    done = boto(
        session,
        folder,
        aws,
        """
tables = boto3.client("dynamodb", config=once).list_tables()["TableNames"]
queue = os.environ["AWS_ENDPOINT_URL"] + "/q"
sent = boto3.client("sqs", config=once).send_message(QueueUrl=queue, MessageBody="hello")
account = boto3.client("sts", config=once).get_caller_identity()["Account"]
url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k 1"})
s3.put_object(Bucket="bucket", Key="k 1", Body=b"kept")
print(json.dumps({"tables": tables, "sent": sent["MessageId"], "account": account, "url": url}))
""",
    )
    said = answered(done)
    assert aws.refused == []
    assert (said["tables"], said["sent"], said["account"]) == ([], "1", "000000000000")
    assert {"POST dynamodb none", "POST sqs none", "POST sts none"} <= set(aws.served)
    assert TEMPORARY.access_key not in said["url"]
    got = through(session, folder, "GET", said["url"])
    assert (got.status_code, got.content) == (200, b"kept")
    nothing_secret_left(aws, session)


def test_what_a_service_says_of_the_keys_comes_back_as_placeholders(house: House, aws: Aws, folder: Path) -> None:
    vault = house.vault()
    pair(house, vault)
    session = house.session(house.environment_id(), vault)
    aws.keys = Credentials(KEYS.access_key, "another secret")  # as if the stored one were wrong
    done = boto(session, folder, aws, 's3.list_objects_v2(Bucket="bucket")')
    assert "SignatureDoesNotMatch" in done.stderr
    assert len(aws.refused) == 1
    assert KEYS.access_key not in done.stderr


def test_a_compressed_object_comes_back_byte_for_byte(house: House, aws: Aws, folder: Path) -> None:
    vault = house.vault()
    pair(house, vault)
    session = house.session(house.environment_id(), vault)
    done = boto(
        session,
        folder,
        aws,
        """
import gzip
packed = gzip.compress(bytes(range(256)) * 4000)
s3.put_object(Bucket="bucket", Key="z", Body=packed, ContentEncoding="gzip")
part = s3.get_object(Bucket="bucket", Key="z", Range="bytes=5-99")["Body"].read()
print(json.dumps([s3.get_object(Bucket="bucket", Key="z")["Body"].read() == packed, part == packed[5:100]]))
""",
    )
    assert answered(done) == [True, True]


def test_a_clock_that_is_wrong_is_the_services_business(house: House, aws: Aws, folder: Path) -> None:
    vault = house.vault()
    pair(house, vault)
    session = house.session(house.environment_id(), vault)
    done = boto(
        session,
        folder,
        aws,
        """
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies
url = os.environ["AWS_ENDPOINT_URL"] + "/k"
request = AWSRequest("PUT", url, data=b"x", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
auth = S3SigV4Auth(boto3.Session().get_credentials(), "s3", "eu-central-1")
request.context["timestamp"] = request.headers["X-Amz-Date"] = "19990101T000000Z"
text = auth.string_to_sign(request, auth.canonical_request(request))
auth._inject_signature_to_request(request, auth.signature(text, request))
client = URLLib3Session(verify=os.environ["AWS_CA_BUNDLE"], proxies=get_environ_proxies(url))
print(client.send(request.prepare()).status_code)
""",
    )
    assert answered(done) == 200
    assert aws.seen[-1][0]["X-Amz-Date"] == "19990101T000000Z"


def test_keys_reach_no_other_host_and_their_use_there_is_reported(house: House, aws: Aws, folder: Path) -> None:
    vault = house.vault()
    ids = pair(house, vault)
    session = house.session(house.environment_id(), vault)
    code = 's3.list_objects_v2(Bucket="bucket")'
    done = boto(session, folder, aws, code, host=ELSEWHERE, AWS_S3_ADDRESSING_STYLE="path")
    assert done.returncode != 0
    assert all(KEYS.access_key not in f"{headers} {target}" for headers, target, _ in aws.seen)
    assert strays(house, session) == {ids["AWS_ACCESS_KEY_ID"]}


def strays(house: House, session: Mapping[str, Any]) -> set[str]:
    """Return the credentials whose placeholders were reported."""
    give_up = time.monotonic() + 20
    while True:
        entries = house.call("GET", f"/strongroom/v1/sessions/{session['id']}/events").json()["data"]
        found = {entry["target"] for entry in entries if entry.get("action") == "placeholder.strayed"}
        if found or time.monotonic() > give_up:
            return found


def test_a_signature_under_another_secret_is_refused_and_nothing_is_sent(house: House, aws: Aws, folder: Path) -> None:
    vault = house.vault()
    pair(house, vault)
    session = house.session(house.environment_id(), vault)
    code = """
try:
    s3.list_objects_v2(Bucket="bucket")
except ClientError as error:
    response = error.response["ResponseMetadata"]
    print(json.dumps([response["HTTPStatusCode"], response["HTTPHeaders"]["strongroom-refused"]]))
"""
    done = boto(session, folder, aws, code, AWS_SECRET_ACCESS_KEY="a made up one")
    assert answered(done) == [403, "signature_mismatch"]
    assert aws.seen == []


def test_revoked_keys_sign_nothing_more(house: House, aws: Aws, folder: Path) -> None:
    vault = house.vault()
    ids = pair(house, vault)
    session = house.session(house.environment_id(), vault)
    works = 's3.put_object(Bucket="bucket", Key="k", Body=b"x"); print(1)'
    assert answered(boto(session, folder, aws, works)) == 1
    house.made(f"/v1/vaults/{vault}/credentials/{ids['AWS_SECRET_ACCESS_KEY']}/archive", {})
    aws.seen.clear()
    assert boto(session, folder, aws, works).returncode != 0
    assert all(
        "srp_" in headers["Authorization"] or KEYS.access_key in headers["Authorization"] for headers, _, _ in aws.seen
    )
    assert len(aws.refused) == len(aws.seen)
