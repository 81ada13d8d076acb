"""boto3: one signed call. The keys are the caller's own, and a header beside the signature holds the placeholder.

A secret key is never sent, so no placeholder for one could be replaced: a signature is made anew, and tested elsewhere.
"""

import os
import sys

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config


def with_token(request: AWSPreparedRequest, **_: object) -> None:
    request.headers["X-Api-Key"] = os.environ["TOKEN"]


config = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=20)
keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "of-the-caller"}
client = boto3.client("sts", endpoint_url=sys.argv[1], region_name="us-east-1", config=config, **keys)
client.meta.events.register("before-send", with_token)
print(client.get_caller_identity()["Arn"])
