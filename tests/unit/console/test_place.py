"""A console beside the harness follows run.json, and asks by the same clients as long as it tells of the same harness."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from localprocs.host import living_file

from emulator.console.reading.place import of_file
from emulator.harness.errors import HarnessError
from emulator.harness.run_file import Run


def test_a_place_is_known_until_run_json_tells_of_another(tmp_path: Path) -> None:
    """Then that one, and none when there is none."""
    told: dict[str, Any] = {it.name: "x" for it in fields(Run) if it.name not in ("pid", "started", "clock_env")}
    run, file = Run(**told | {"aws_endpoint_url": "http://127.0.0.1:1", "region": "us-east-1"}), tmp_path / "run.json"
    find = of_file(file)
    living_file.write(run, file)

    first = find()

    assert find() is first
    living_file.write(replace(run, aws_endpoint_url="http://127.0.0.1:2"), file)
    assert find().harness.aws_endpoint_url == "http://127.0.0.1:2"
    file.unlink()
    with pytest.raises(HarnessError, match="start one with"):
        find()
