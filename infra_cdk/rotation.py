"""A new password for the site's account every 90 days: set at the site, tested there, then kept in the secret."""

from pathlib import Path

from aws_cdk import Aws, Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from huntaze_scraper import names
from huntaze_scraper.settings import RotationSettings
from infra_cdk.function import Function
from infra_cdk.permissions import allow, use_key
from infra_cdk.storage import Credentials

HANDLER = "huntaze_scraper.rotation.handler.handler"
EVERY_DAYS = 90
# Four calls of the site, and once half a minute for the next code of the second factor.
TIMEOUT = Duration.minutes(2)


class Rotation(Construct):
    """The function and the schedule by which Secrets Manager calls it."""

    def __init__(
        self, scope: Construct, name: str, *, credentials: Credentials, key_arn: str, bundle: Path, site_url: str
    ) -> None:
        """Rotate the default secret; a creator's own secret can be given the same function."""
        super().__init__(scope, name)
        rotation = Function(
            self,
            "Function",
            function_name=names.ROTATION_FUNCTION,
            handler=HANDLER,
            bundle=bundle,
            timeout=TIMEOUT,
            environment=RotationSettings(site_url=site_url).to_env(),
            statements=[
                allow(
                    [
                        "secretsmanager:DescribeSecret",
                        "secretsmanager:GetSecretValue",
                        "secretsmanager:PutSecretValue",
                        "secretsmanager:UpdateSecretVersionStage",
                    ],
                    credentials.secret_arn,
                ),
                use_key(key_arn, "secretsmanager"),
            ],
        )
        permission = lambda_.CfnPermission(
            self,
            "SecretsManager",
            function_name=rotation.function.function_arn,
            action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com",
            source_account=Aws.ACCOUNT_ID,
        )
        schedule = secretsmanager.CfnRotationSchedule(
            self,
            "Schedule",
            secret_id=credentials.secret_arn,
            rotation_lambda_arn=rotation.function.function_arn,
            rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
                automatically_after_days=EVERY_DAYS
            ),
            # The secret begins as a placeholder: the first rotation is due when the owner's password is 90 days old.
            rotate_immediately_on_update=False,
        )
        schedule.add_resource_dependency(permission)
