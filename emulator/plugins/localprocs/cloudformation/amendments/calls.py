"""Types that one call of their API changes in place, with the properties as they are."""

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.resource_type import Call, Make, Properties


def _call(service: str, operation: str, *names: str) -> Make:
    """Return an update that hands the named properties over."""

    def update(call: Call) -> Properties:
        wanted = {name: call.properties[name] for name in names if call.properties.get(name) is not None}
        getattr(call.client(service), operation)(**wanted)
        return {}

    return update


def _url(call: Call) -> Properties:
    kept = {name: call.properties[name] for name in ("AuthType", "Cors", "InvokeMode") if name in call.properties}
    which = {"Qualifier": call.properties["Qualifier"]} if "Qualifier" in call.properties else {}
    name = call.properties["TargetFunctionArn"]
    call.client("lambda_").update_function_url_config(FunctionName=name, **which, **kept)
    return {}


AMENDMENTS = [
    Amendment("AWS::Lambda::Url", _url),
    Amendment(
        "AWS::Lambda::Alias",
        _call(
            "lambda_", "update_alias", "FunctionName", "Name", "FunctionVersion", "Description", "RoutingConfig"
        ),
    ),
    Amendment(
        "AWS::Lambda::EventInvokeConfig",
        _call(
            "lambda_", "put_function_event_invoke_config",
            "FunctionName", "Qualifier", "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig",
        ),
    ),
    Amendment(
        "AWS::Logs::SubscriptionFilter",
        _call(
            "logs", "put_subscription_filter",
            "LogGroupName", "FilterName", "FilterPattern", "DestinationArn", "RoleArn", "Distribution",
        ),
    ),
    Amendment(
        "AWS::Scheduler::Schedule",
        _call(
            "scheduler", "update_schedule",
            "Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target",
            "State", "Description", "StartDate", "EndDate", "KmsKeyArn",
        ),
    ),
    Amendment("AWS::KMS::Alias", _call("kms", "update_alias", "AliasName", "TargetKeyId")),
]  # fmt: skip
