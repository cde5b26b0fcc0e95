"""A task whose Chromium, table or bucket stops working, as a process."""

from pathlib import Path
from typing import Any

import pytest

from emulator.harness.clients import http_client
from tests.integration.scraper_task import Cloud, Task, wait_for
from tests.processes import descendants, kill

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


class Launcher:
    """A Chromium that can be kept from starting."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._broken = folder / "broken"
        self.path = folder / "launcher"
        self.path.write_text(f'#!/bin/sh\n[ -e "{self._broken}" ] && exit 1\nexec "{cloud.world.chromium}" "$@"\n')
        self.path.chmod(0o755)

    def break_(self, task: Task) -> None:
        """Let none start any more, and end the one that runs."""
        self._broken.touch()
        for process in descendants(task.process.pid, "--remote-debugging-pipe"):
            kill(process)

    def mend(self) -> None:
        """Let it start again."""
        self._broken.unlink()


def health(task: Task) -> tuple[int, dict[str, Any]]:
    answer = http_client.get(f"http://127.0.0.1:{task.events('worker_started')[0]['health_port']}/health")
    return answer.status_code, answer.json()


def visible(cloud: Cloud) -> int:
    found = cloud.sqs.get_queue_attributes(QueueUrl=cloud.settings.workflows_queue_url, AttributeNames=["All"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def succeeded(task: Task) -> list[dict[str, Any]]:
    """Jobs that it carried out; one that outlived its visibility was given back, and ended more than once."""
    return [line for line in task.events("job_ended") if line["status"] == "succeeded"]


@pytest.mark.requirement("9.6")
def test_a_task_whose_chromium_does_not_start_takes_no_job_from_the_healthy_ones(cloud: Cloud, tmp_path: Path) -> None:
    """It hands back the one that told it, asks for none, says so; and works again when Chromium does."""
    launcher = Launcher(cloud, tmp_path)
    task = cloud.start(CHROMIUM_PATH=str(launcher.path))
    wait_for(lambda: task.events("worker_started"), "the start")
    launcher.break_(task)
    cloud.send(message_content="first")
    cloud.ends(lambda: task.events("task_waits"), "the task to notice")
    assert task.events("task_waits")[0]["missing"] == ["browser"]
    cloud.ends(lambda: visible(cloud), "the job on the queue again")
    cloud.ends(lambda: health(task)[0] == 503, "the third look in vain")
    assert health(task)[1]["missing"] == ["browser"]
    cloud.send(creator_id="creator-02", message_content="second")
    healthy = cloud.start()
    cloud.ends(lambda: len(cloud.sent) == 2, "both jobs")
    cloud.ends(lambda: len(succeeded(healthy)) == 2, "their ends")
    assert len(task.events("job_ended")) == 1
    launcher.mend()
    cloud.ends(lambda: task.events("task_ready_again"), "the task to work again")
    assert healthy.stop() == 0
    cloud.send(message_content="third")
    cloud.ends(lambda: len(cloud.sent) == 3, "the third job")
    assert health(task) == (200, {**health(task)[1], "status": "ok", "missing": []})
    cloud.ends(lambda: succeeded(task), "its end")
    assert {item["failures"]["N"] for item in cloud.items("job#")} == {"0"}
    assert task.stop() == 0


@pytest.mark.requirement("6.5")
def test_a_task_that_cannot_work_still_stops_at_once(cloud: Cloud, tmp_path: Path) -> None:
    """SIGTERM while it probes."""
    launcher = Launcher(cloud, tmp_path)
    task = cloud.start(CHROMIUM_PATH=str(launcher.path))
    wait_for(lambda: task.events("worker_started"), "the start")
    launcher.break_(task)
    cloud.send()
    cloud.ends(lambda: task.events("task_waits")[1:], "a second look")
    assert task.stop(30) == 0


@pytest.mark.requirement("9.6")
def test_a_table_that_is_away_for_a_while_costs_a_wait(cloud: Cloud) -> None:
    """The job is received once before and once after it, and done."""
    task = cloud.start(STATE_TABLE="elsewhere")
    wait_for(lambda: task.events("worker_started"), "the start")
    cloud.send()
    cloud.ends(lambda: task.events("task_waits")[3:], "a fourth look")
    assert {name for line in task.events("task_waits") for name in line["missing"]} == {"state table"}
    assert len(task.events("job_ended")) == 1
    assert health(task) == (200, {**health(task)[1], "status": "waits", "missing": ["state table"]})
    cloud.clients["dynamodb"].create_table(
        TableName="elsewhere",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    cloud.ends(lambda: cloud.sent == ["hello"], "the job")
    assert task.stop() == 0
