"""The environment and the command of a container."""

import json

import pytest
from localprocs.ecs import environment, image
from localprocs.ecs.errors import StartFailure
from localprocs.ecs.image import Image


def variables(definition=None, override=None, image=None, secrets=None, ports=None, ecs=None):
    """Lay an environment together from what a test gives."""
    return environment.of_container(
        definition=definition or {},
        override=override or {},
        image=image or Image(),
        clock={"LD_PRELOAD": "/clock.so"},
        ecs=ecs or {},
        secrets=secrets or {},
        folder="/tmp/task",
        ports=ports or {},
    )


def pairs(**values):
    """Write variables as the API takes them."""
    return [{"name": name, "value": value} for name, value in values.items()]


def test_later_layers_win():
    """The definition over the agent over the image, secrets over the definition, the override over all."""
    found = variables(
        definition={"environment": pairs(A="definition", B="definition", C="definition", D="definition")},
        override={"environment": pairs(D="override")},
        image=Image(environment={"A": "image", "E": "image"}),
        secrets={"C": "secret"},
        ecs={"B": "ecs", "F": "ecs"},
    )

    assert {name: found[name] for name in "ABCDEF"} == {
        "A": "definition",
        "B": "definition",
        "C": "secret",
        "D": "override",
        "E": "image",
        "F": "ecs",
    }


def test_nothing_of_the_emulator_is_inherited_but_the_clock():
    """A container sees its own variables, a folder of its own, and the clock."""
    assert variables().keys() == {"PATH", "HOME", "TMPDIR", "HOSTNAME", "LANG", "LD_PRELOAD"}
    environ = {"LD_PRELOAD": "x", "VCLOCK_PAGE": "y", "AWS_SECRET_ACCESS_KEY": "z", "HOME": "/root"}
    assert environment.clock_of(environ) == {"LD_PRELOAD": "x", "VCLOCK_PAGE": "y"}


def test_the_image_s_folders_come_first_on_path():
    """Before the system's own."""
    assert variables(image=Image(path="/image/bin"))["PATH"].startswith("/image/bin:/usr/local/sbin")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HEALTH_PORT", "3000", "41000"),
        ("PORT", "3000", "41000"),
        ("HEALTH_PORT", "3001", "3001"),
        ("PORTS", "3000", "3000"),
        ("HEALTH_PORT", "http://localhost:3000", "http://localhost:3000"),
        ("PAGES", "3000", "3000"),
    ],
)
def test_a_variable_that_names_the_container_port_is_rewritten(name, value, expected):
    """Only where its name ends in PORT and its whole value is a containerPort."""
    assert variables({"environment": pairs(**{name: value})}, ports={3000: 41000})[name] == expected


@pytest.mark.parametrize(
    ("definition", "override", "image", "expected"),
    [
        ({"command": ["run"]}, {}, Image(), ["run"]),
        ({"entryPoint": ["sh", "-c"], "command": ["run"]}, {}, Image(), ["sh", "-c", "run"]),
        ({"entryPoint": ["run"]}, {}, Image(command=("image",)), ["run"]),
        ({}, {}, Image(entry_point=("tini", "--"), command=("image",)), ["tini", "--", "image"]),
        ({"command": ["run"]}, {}, Image(entry_point=("tini",), command=("image",)), ["tini", "run"]),
        ({"command": ["run"]}, {"command": ["other"]}, Image(), ["other"]),
        ({}, {}, Image(), []),
    ],
)
def test_entry_point_and_command_combine_as_docker_combines_them(definition, override, image, expected):
    """A definition's entry point drops the image's command."""
    assert environment.command_of(definition, override, image) == expected


def test_the_image_is_read_from_the_file_that_the_variable_names(tmp_path):
    """Path as text or list, variables, entry point and command."""
    file = tmp_path / "image.json"
    file.write_text(json.dumps({"path": ["/a", "/b"], "environment": {"N": 1}, "command": ["run"]}))

    assert image.load({"LOCALPROCS_IMAGE": str(file)}) == Image("/a:/b", {"N": "1"}, (), ("run",))
    assert image.load({}) == Image()


@pytest.mark.parametrize("content", [None, "not json", "[]"])
def test_an_unreadable_image_is_one_that_cannot_be_pulled(tmp_path, content):
    """The task's stoppedReason names the variable."""
    file = tmp_path / "image.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(StartFailure, match=r"CannotPullContainerError.*LOCALPROCS_IMAGE"):
        image.load({"LOCALPROCS_IMAGE": str(file)})


def test_a_task_role_is_found_by_the_sdk_through_a_path_and_a_token():
    """As on ECS, and only where there is a role."""
    given = environment.given_by_ecs(region="r", gateway="http://g", container_id="c", credentials=("path", "token"))
    assert given["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "http://g/_emulator/ecs/credentials/path"
    assert given["AWS_CONTAINER_AUTHORIZATION_TOKEN"] == "token"

    without = environment.given_by_ecs(region="r", gateway="http://g", container_id="c", credentials=None)
    assert not [name for name in without if "CREDENTIALS" in name or "ACCESS_KEY" in name]
