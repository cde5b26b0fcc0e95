"""The environment that a container's process is given: nothing of the emulator's own but the clock."""

from collections.abc import Iterable, Mapping

from localprocs.ecs.image import Image
from localprocs.ecs.model import Json

CLOCK_VARIABLES = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES")
CLOCK_PREFIX = "VCLOCK_"


def clock_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that put a process on the emulator's clock."""
    return {key: value for key, value in environ.items() if key in CLOCK_VARIABLES or key.startswith(CLOCK_PREFIX)}


def given_by_ecs(
    *, region: str, gateway: str, container_id: str, credentials: tuple[str, str] | None
) -> dict[str, str]:
    """Return what the agent sets; ``credentials`` are the path and the token of the task role's, if it has one."""
    base = f"{gateway}/_emulator/ecs"
    variables = {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": gateway,
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "ECS_AGENT_URI": f"{base}/api/{container_id}",
        "ECS_CONTAINER_METADATA_URI": f"{base}/v3/{container_id}",
        "ECS_CONTAINER_METADATA_URI_V4": f"{base}/v4/{container_id}",
    }
    if credentials:
        path, token = credentials
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{base}/credentials/{path}"
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
    return variables


def of_container(
    *,
    definition: Json,
    override: Json,
    image: Image,
    clock: Mapping[str, str],
    ecs: Mapping[str, str],
    secrets: Mapping[str, str],
    folder: str,
    ports: Mapping[int, int],
) -> dict[str, str]:
    """Lay the environment together: the image, the agent, the definition, its secrets, the override.

    ``ports`` maps each containerPort to the port that the process gets. A variable whose name ends in PORT and whose
    value is a containerPort is rewritten: it stands in for the network interface that a task on Fargate has to itself.
    """
    own = {each["name"]: each.get("value", "") for each in definition.get("environment") or ()}
    own |= secrets
    own |= {each["name"]: each.get("value", "") for each in override.get("environment") or ()}
    variables = {**image.base(folder), **image.environment, **ecs, **own}
    return {**with_ports(variables, ports), **clock}


def with_ports(variables: Mapping[str, str], ports: Mapping[int, int]) -> dict[str, str]:
    """Rewrite the variables that name a containerPort."""
    return {
        key: str(ports[int(value)]) if key.endswith("PORT") and value.isdecimal() and int(value) in ports else value
        for key, value in variables.items()
    }


def command_of(definition: Json, override: Json, image: Image) -> list[str]:
    """Return the arguments to run: entry point and command, as Docker combines the image's and the definition's."""
    entry = entry_of(definition)
    command = override.get("command") or definition.get("command") or (() if entry else image.command)
    return [*(entry or image.entry_point), *command]


def entry_of(definition: Json) -> list[str]:
    """Return the definition's entry point; empty where it is the image's."""
    return list(definition.get("entryPoint") or ())


def names_of_secrets(definition: Json) -> Iterable[tuple[str, str]]:
    """Return name and valueFrom of each secret."""
    return [(each["name"], each["valueFrom"]) for each in definition.get("secrets") or ()]
