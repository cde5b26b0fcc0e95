"""AWS::ApiGateway, whose parts LocalStack does not update in place."""

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.resource_type import Call, Make, Properties

type Patches = list[dict[str, str]]


def _patch(operation: str, key: tuple[str, ...], paths: dict[str, str]) -> Make:
    """Return an update by patches: properties, and the paths that the API has for them."""

    def update(call: Call) -> Properties:
        patches = [_put(path, call.properties[name]) for name, path in paths.items() if _is_new(call, name)]
        patches += _of_variables(call)
        if patches:
            which = {f"{name[0].lower()}{name[1:]}": call.before[name] for name in key}
            getattr(call.client("apigateway"), operation)(**which, patchOperations=patches)
        return {name: call.before[name] for name in key}

    return update


def _is_new(call: Call, name: str) -> bool:
    return call.changed(name) and call.properties.get(name) is not None


def _put(path: str, value: object) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": str(value).lower() if isinstance(value, bool) else str(value)}


def _of_variables(call: Call) -> Patches:
    now, before = (each.get("Variables") or {} for each in (call.properties, call.before))
    gone = [{"op": "remove", "path": f"/variables/{name}"} for name in before.keys() - now.keys()]
    return gone + [_put(f"/variables/{name}", value) for name, value in now.items() if before.get(name) != value]


STAGE = {"DeploymentId": "/deploymentId", "Description": "/description", "TracingEnabled": "/tracingEnabled"}
API = {"Name": "/name", "Description": "/description", "ApiKeySourceType": "/apiKeySource"}

AMENDMENTS = [
    Amendment("AWS::ApiGateway::Stage", _patch("update_stage", ("RestApiId", "StageName"), STAGE)),
    Amendment("AWS::ApiGateway::RestApi", _patch("update_rest_api", ("RestApiId",), API)),
    Amendment(
        "AWS::ApiGateway::Resource",
        _patch("update_resource", ("RestApiId", "ResourceId"), {"PathPart": "/pathPart"}),
    ),
    Amendment("AWS::ApiGateway::Account", _patch("update_account", (), {"CloudWatchRoleArn": "/cloudwatchRoleArn"})),
]
