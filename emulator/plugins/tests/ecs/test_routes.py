"""The agent's endpoints, and the emulator's own."""

import json

import pytest
from localprocs.ecs.routes import add_routes
from localstack.http import Request, Router
from localstack.http.dispatcher import handler_dispatcher

ROLE = "arn:aws:iam::000000000000:role/task"


@pytest.fixture
def ask(world):
    """Ask an endpoint; returns status and content."""
    router = Router(dispatcher=handler_dispatcher())
    add_routes(router, world.fleet)

    def call(path, method="GET", content=None, **headers):
        body = b"" if content is None else json.dumps(content).encode()
        response = router.dispatch(Request(method, path, body=body, headers=headers))
        return response.status_code, json.loads(response.data)

    return call


def path_of(url):
    """The path of a URL that a container was given."""
    return url.removeprefix("http://gateway")


@pytest.fixture
def task(world):
    """A service's task that runs, and the variables of its container."""
    world.serve(world.define(portMappings=[{"containerPort": 39217}]))
    [found] = world.running(1)
    return found, world.process(found).launch.environment


def test_each_container_that_runs_is_listed_with_its_process(world, ask, task):
    """Task, pid, port: what a test needs to end it by force or to ask it."""
    found, _ = task
    status, [told] = ask("/_emulator/ecs/tasks")

    assert status == 200
    assert (told["taskArn"], told["pid"], told["group"]) == (found.arn, world.process(found).pid, "service:s")
    assert told["port"] == told["ports"]["39217"]
    assert (told["lastStatus"], told["capacityProviderName"]) == ("RUNNING", "FARGATE")


def test_a_container_finds_itself_and_its_task(ask, task):
    """By the metadata endpoint, version 4."""
    found, variables = task
    uri = path_of(variables["ECS_CONTAINER_METADATA_URI_V4"])

    status, told = ask(uri)
    assert (status, told["Name"], told["KnownStatus"]) == (200, "main", "RUNNING")
    status, told = ask(f"{uri}/task")
    assert (told["TaskARN"], told["Limits"], told["ServiceName"]) == (found.arn, {"CPU": 1.0, "Memory": 2048}, "s")
    status, told = ask(f"{uri}/stats")
    assert told["memory_stats"]["usage"] == 512 * 1024**2
    assert ask(f"{uri}/nothing")[0] == 404
    assert ask("/_emulator/ecs/v4/nobody")[0] == 404


def test_a_container_can_protect_its_task(world, ask, task):
    """And take it back; with an end two hours ahead unless given."""
    found, variables = task
    uri = path_of(variables["ECS_AGENT_URI"]) + "/task-protection/v1/state"
    assert ask(uri) == (200, {"protection": {"ProtectionEnabled": False, "TaskArn": found.arn}})
    status, told = ask(uri, "PUT", {"ProtectionEnabled": True, "ExpiresInMinutes": 5})

    assert (status, told["protection"]["ExpirationDate"]) == (200, "2027-01-15T08:05:00Z")
    assert found.is_protected(world.clock())
    ask(uri, "PUT", {"ProtectionEnabled": False})
    assert not found.is_protected(world.clock())


@pytest.mark.parametrize(
    "content", [[], {}, {"ProtectionEnabled": "yes"}, {"ProtectionEnabled": True, "ExpiresInMinutes": 0}]
)
def test_a_wrong_protection_is_refused(ask, task, content):
    """With the agent's kind of error."""
    uri = path_of(task[1]["ECS_AGENT_URI"]) + "/task-protection/v1/state"
    status, told = ask(uri, "PUT", content)

    assert (status, told["error"]["Code"]) == (400, "InvalidParameterException")


def test_a_task_gets_its_role_s_credentials_by_its_token_only(world, ask):
    """As the SDK asks for them."""
    made = world(
        "RegisterTaskDefinition",
        family="r",
        taskRoleArn=ROLE,
        containerDefinitions=[{"name": "main", "image": "i", "command": ["run"], "stopTimeout": 0}],
    )
    world.serve(made["taskDefinition"]["taskDefinitionArn"])
    [found] = world.running(1)
    variables = world.process(found).launch.environment
    uri = path_of(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"])

    assert ask(uri)[0] == 403
    status, told = ask(uri, Authorization=variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
    assert (status, told["RoleArn"], told["AccessKeyId"]) == (200, ROLE, "id")
    assert told.keys() == {"RoleArn", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
    assert ask("/_emulator/ecs/credentials/other")[0] == 404


def test_an_interruption_tells_whom_it_met(world, ask):
    """And what is wrong with a bad one, in one line."""
    world.serve(desired=2)
    spot = next(each for each in world.running(2) if each.capacity_provider == "FARGATE_SPOT")

    assert ask("/_emulator/ecs/interruptions", "POST", {"share": 1.0}) == (200, {"interrupted": [spot.arn]})
    status, told = ask("/_emulator/ecs/interruptions", "POST", {"share": 1.0, "cluster": "elsewhere"})
    assert status == 400
    assert "no cluster elsewhere" in told["error"]
    status, told = ask("/_emulator/ecs/interruptions", "POST", {"task": "nobody"})
    assert (status, told) == (400, {"error": "no task nobody runs on FARGATE_SPOT"})
