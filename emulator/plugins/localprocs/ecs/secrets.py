"""The ``secrets`` of a container definition: what valueFrom names, and the value in it."""

import json
from dataclasses import dataclass

from localprocs.ecs.errors import StartFailure

MISSING = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secret from {store}: service call has been retried 1 time(s): {why}"
)


@dataclass(frozen=True)
class SecretReference:
    """What valueFrom names: a Secrets Manager secret, with a JSON key perhaps, or an SSM parameter."""

    store: str
    name: str
    region: str | None = None
    key: str = ""
    stage: str = ""
    version: str = ""


def parse(value_from: str) -> SecretReference:
    """Read ``arn:…:secret:name[:json-key[:version-stage[:version-id]]]``, ``arn:…:parameter/name`` or a parameter's name."""
    parts = value_from.split(":")
    if parts[0] != "arn" or len(parts) < 6:  # noqa: PLR2004 - an ARN has six parts
        return SecretReference("ssm", value_from)
    region = parts[3] or None
    if parts[2] == "ssm":
        # A name with slashes is written after "parameter", with them; one without is written bare.
        name = ":".join(parts[5:]).removeprefix("parameter")
        return SecretReference("ssm", name if name.count("/") > 1 else name.removeprefix("/"), region)
    key, stage, version = (*parts[7:10], "", "", "")[:3]
    return SecretReference("asm", ":".join(parts[:7]), region, key, stage, version)


def value_of(reference: SecretReference, text: str) -> str:
    """Return the secret, or what stands under its JSON key.

    Raises:
        StartFailure: the key is not there; the text names the key and no value.
    """
    if not reference.key:
        return text
    try:
        content = json.loads(text)
    except ValueError:
        raise failure(reference.store, "the secret is not JSON, so it has no key") from None
    if not isinstance(content, dict) or reference.key not in content:
        raise failure(
            reference.store, f"retrieved secret from Secrets Manager did not contain json key {reference.key}"
        )
    value = content[reference.key]
    return value if isinstance(value, str) else json.dumps(value)


def failure(store: str, why: str) -> StartFailure:
    """Say why a task cannot start for want of a secret."""
    return StartFailure(MISSING.format(store=store, why=why))
