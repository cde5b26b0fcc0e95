"""The Python that a function sees."""

import json
import subprocess
import sys
from pathlib import Path

from localprocs.lambda_runtime import interpreter


def test_a_function_sees_boto3_but_nothing_of_the_emulator(tmp_path):
    """LocalStack's packages are out of a function's reach; the runtime's are within."""
    environment = interpreter.environment({}, task_root=tmp_path, layers=[], scratch=tmp_path, inherited={})
    program = "import importlib.util as u, json; print(json.dumps([bool(u.find_spec(n)) for n in ('boto3', 'localstack', 'moto', 'yaml')]))"
    command = [*interpreter.command("x.y")[:3], "-c", program]

    found = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=True, timeout=30)

    assert json.loads(found.stdout) == [True, False, False, False]


def test_only_the_clock_is_inherited(tmp_path):
    """Credentials and paths of whoever started the emulator stay out."""
    inherited = {"AWS_PROFILE": "mine", "LD_PRELOAD": "clock.so", "VCLOCK_PAGE": "/page", "HOME": "/me"}

    made = interpreter.environment({}, task_root=tmp_path, layers=[], scratch=tmp_path, inherited=inherited)

    assert (made["LD_PRELOAD"], made["VCLOCK_PAGE"]) == ("clock.so", "/page")
    assert not {"AWS_PROFILE", "HOME"} & set(made)


def test_the_emulators_own_variables_are_left_out(tmp_path):
    """A function cannot tell by its environment that it does not run on AWS."""
    given = {"LOCALSTACK_HOSTNAME": "x", "EDGE_PORT": "1", "TABLE": "t", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": 128}

    made = interpreter.environment(given, task_root=tmp_path, layers=[], scratch=tmp_path, inherited={})

    assert made["TABLE"] == "t"
    assert made["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert made["AWS_EXECUTION_ENV"] == f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}"
    assert not {"LOCALSTACK_HOSTNAME", "EDGE_PORT"} & set(made)


def test_a_layers_python_folder_is_on_the_path(tmp_path):
    """Layers are found where AWS unpacks them."""
    (tmp_path / "layer" / "python").mkdir(parents=True)

    made = interpreter.environment({}, task_root=tmp_path, layers=[tmp_path / "layer"], scratch=tmp_path, inherited={})

    assert made["PYTHONPATH"].split(":")[0] == str(Path(tmp_path, "layer", "python"))
