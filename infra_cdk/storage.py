"""What the scraper writes to and reads from by name: the bucket for results, the secret with the site's credentials."""

import json

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from huntaze_scraper import names

RESULTS_KEPT = Duration.days(90)
PROGRESS = "progress/"
"""What a job that is not done has read so far."""
ACCESS_LOGS_KEPT = Duration.days(365)


class Results(Construct):
    """The private bucket for results, and the one that logs who read them."""

    bucket: s3.Bucket

    def __init__(self, scope: Construct, name: str, *, key: kms.IKey) -> None:
        """Make both buckets."""
        super().__init__(scope, name)
        access_logs = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,  # the only kind that log delivery can write to
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=ACCESS_LOGS_KEPT)],
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            # A second attempt at a job writes its result again: what the first one wrote stays to be looked at.
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=RESULTS_KEPT,
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            server_access_logs_bucket=access_logs,
            removal_policy=RemovalPolicy.RETAIN,
        )


class Credentials(secretsmanager.Secret):
    """The default log-in at the site. Its password is a random placeholder until the owner puts the real one."""

    def __init__(self, scope: Construct, name: str, *, key: kms.IKey) -> None:
        """Make the secret with every field that it may have, for its owner to fill in."""
        empty = {"username": "", "totp_secret": "", "api_key": ""}
        super().__init__(
            scope,
            name,
            secret_name=names.CREDENTIALS,
            description="Log-in at the site; the generated password is a placeholder until the owner puts the real one",
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps(empty), generate_string_key="password"
            ),
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
