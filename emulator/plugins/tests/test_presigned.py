"""Presigned addresses end when AWS's do."""

import urllib.parse
from typing import Any

import boto3
import pytest
from botocore.config import Config
from localprocs.presigned import InvalidTerm, end_of


def query(version: str, seconds: int) -> dict[str, str]:
    """Return the query of an address that boto3 presigned now."""
    client = boto3.client(
        "s3",
        "us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(signature_version=version),
    )
    address = client.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}, ExpiresIn=seconds)
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_an_address_is_good_for_as_long_as_it_says(version: str) -> None:
    """By either version of signatures."""
    short, long = (end_of(query(version, seconds)) for seconds in (60, 3660))
    assert long - short == pytest.approx(3600, abs=30)


@pytest.mark.parametrize("asked", [{}, {"list-type": "2"}, {"Expires": "1"}, {"X-Amz-Expires": "1"}])
def test_other_requests_have_no_end(asked: dict[str, str]) -> None:
    """Whatever else is in their queries."""
    assert end_of(asked) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [("604801", "less than a week"), ("-1", "non-negative"), ("soon", "a number")],
)
def test_a_term_that_aws_refuses_is_refused(seconds: str, said: str) -> None:
    """In AWS's words."""
    asked: Any = {"X-Amz-Signature": "s", "X-Amz-Date": "20260101T000000Z", "X-Amz-Expires": seconds}
    with pytest.raises(InvalidTerm, match=said):
        end_of(asked)
