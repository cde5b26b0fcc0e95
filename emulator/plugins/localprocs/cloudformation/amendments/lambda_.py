"""AWS::Lambda."""

import time
from typing import Any

from localstack.services.lambda_.resource_providers.aws_lambda_function import _get_lambda_code_param

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.api_type import tag_map
from localprocs.cloudformation.resource_type import Call, Properties

DEFAULTS: Properties = {
    "Description": "",
    "DeadLetterConfig": {},
    "Environment": {"Variables": {}},
    "Handler": None,
    "Layers": [],
    "MemorySize": 128,
    "Role": None,
    "Runtime": None,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "LoggingConfig": None,
    "VpcConfig": None,
}
"""What a property is that the template no longer names; None: it cannot be unset."""


def _update(call: Call) -> Properties:
    functions, name = call.client("lambda_"), call.before["FunctionName"]
    if call.changed("Code", "Architectures"):
        code = _get_lambda_code_param(call.properties, _include_arch=True)
        functions.update_function_code(FunctionName=name, **code)
        _await_update(functions, name)
    changes = {key: call.properties.get(key, default) for key, default in DEFAULTS.items() if call.changed(key)}
    changes = {key: value for key, value in changes.items() if value is not None}
    if changes:
        functions.update_function_configuration(FunctionName=name, **changes)
        _await_update(functions, name)
    _limit(call)
    if call.changed("Tags"):
        arn = call.before["Arn"]
        if old := tag_map(call.before):
            functions.untag_resource(Resource=arn, TagKeys=list(old))
        if new := tag_map(call.properties):
            functions.tag_resource(Resource=arn, Tags=new)
    return {"FunctionName": name}


def _limit(call: Call) -> Properties:
    functions, name = call.client("lambda_"), call.properties["FunctionName"]
    if call.changed("ReservedConcurrentExecutions"):
        if (limit := call.properties.get("ReservedConcurrentExecutions")) is not None:
            functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=limit)
        else:
            functions.delete_function_concurrency(FunctionName=name)
    return {}


def _await_update(functions: Any, name: str) -> None:
    while functions.get_function_configuration(FunctionName=name).get("LastUpdateStatus") == "InProgress":
        time.sleep(0.05)


AMENDMENTS = [Amendment("AWS::Lambda::Function", _update, _limit)]
