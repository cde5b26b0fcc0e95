"""Containers in a Docker engine, as the engine is asked for them; that they run is shown where there is one."""

import threading
from pathlib import Path

import pytest
from docker.errors import ImageNotFound
from localprocs.ecs import engine_runner
from localprocs.ecs.engine_runner import OWNER, EngineRunner, RunningContainer, remove_abandoned
from localprocs.ecs.errors import StartFailure
from localprocs.ecs.runner import Boxed, Launch


class Engine:
    """As much of the engine's client as a start takes, and what it was asked."""

    def __init__(self, containers=()):
        self.image_processor = "amd64"
        self.made, self.removed, self._containers, self.images = {}, [], list(containers), {"image"}

    def inspect_image(self, image):
        if image not in self.images:
            raise ImageNotFound("no such image")
        return {"Architecture": self.image_processor}

    def version(self):
        return {"Arch": "amd64"}

    def create_host_config(self, **given):
        return given

    def create_container(self, **given):
        if given["image"] not in self.images:
            raise ImageNotFound("no such image")
        self.made = given
        return {"Id": "made"}

    def attach(self, *_, **__):
        return iter([b"one\nt", b"wo\n"])

    def start(self, _identity):
        pass

    def inspect_container(self, _identity):
        return {"State": {"Pid": 42}}

    def wait(self, _identity):
        return {"StatusCode": 143}

    def remove_container(self, identity, **_):
        self.removed.append(identity)

    def stats(self, _identity, **_):
        memory = {"usage": 300, "stats": {"inactive_file": 100}}
        return {"cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}}, "memory_stats": memory}

    def exec_create(self, _identity, arguments):
        return {"Id": arguments[0]}

    def exec_start(self, _identity):
        pass

    def exec_inspect(self, identity):
        return {"ExitCode": int(identity)}

    def containers(self, **given):
        return [each for each in self._containers if each["runs"] or given.get("all")]


def launch(environment=None, entry_point=(), command=(), image="image", mounts=(), **definition):
    """Lay out a start."""
    boxed = Boxed(image, entry_point, command, mounts, {"name": "scraper", **definition}, 1024, 2048)
    return Launch([], environment or {}, "/tmp/none", "0123456789abcdef", boxed)


def test_a_container_has_the_size_of_its_task_and_the_network_of_the_emulator():
    """Its own address is the emulator's: 127.0.0.1."""
    engine = Engine()

    EngineRunner(engine, "emulator").start(launch(linuxParameters={"initProcessEnabled": True}))

    host = engine.made["host_config"]
    assert (host["nano_cpus"], host["mem_limit"], host["init"]) == (1e9, 2 * 1024**3, True)
    assert (host["network_mode"], host["pid_mode"]) == ("container:emulator", None)
    assert engine.made["labels"] == {OWNER: "emulator"}


def test_what_the_definition_leaves_out_is_the_image_s():
    """Entry point, command, user and folder."""
    engine = Engine()
    runner = EngineRunner(engine, "emulator")

    runner.start(launch())
    assert [engine.made[name] for name in ("entrypoint", "command", "user", "working_dir")] == [None] * 4
    runner.start(launch(entry_point=["sh", "-c"], command=["run"], user="7", cpu=256, memory=512))
    assert [engine.made[name] for name in ("entrypoint", "command", "user")] == [["sh", "-c"], ["run"], "7"]
    assert engine.made["host_config"]["nano_cpus"] == 0.25e9


def test_on_a_virtual_clock_process_ids_are_the_machine_s():
    """The clock wakes those who wait by them."""
    engine = Engine()

    EngineRunner(engine, "emulator").start(launch({"VCLOCK_PAGE": "/page"}, mounts=["/page"]))

    assert engine.made["host_config"]["pid_mode"] == "host"
    assert engine.made["host_config"]["binds"] == ["/page:/page"]


def test_an_image_that_the_engine_lacks_cannot_be_pulled():
    """The task's stoppedReason names it."""
    with pytest.raises(StartFailure, match=r"CannotPullContainerError.* nowhere"):
        EngineRunner(Engine(), "emulator").start(launch(image="nowhere"))


def test_an_image_for_another_processor_is_refused_before_there_is_a_container(monkeypatch):
    """But where the machine emulates that one."""
    monkeypatch.setitem(engine_runner.EMULATORS, "arm64", Path("/nowhere"))
    engine = Engine()
    engine.image_processor = "arm64"

    with pytest.raises(StartFailure, match=r"image is for linux/arm64, and this engine runs linux/amd64") as refused:
        EngineRunner(engine, "emulator").start(launch())
    assert "\n" not in str(refused.value)
    assert engine.made == {}

    monkeypatch.setitem(engine_runner.EMULATORS, "arm64", Path("/"))
    EngineRunner(engine, "emulator").start(launch())
    assert engine.made


def test_a_container_is_removed_when_it_has_ended_and_all_of_its_output_is_read():
    """Its exit code is the engine's."""
    engine = Engine()
    running = EngineRunner(engine, "emulator").start(launch())

    assert (running.wait(), engine.removed) == (143, ["made"])
    assert running.output.read() == b"one\ntwo\n"


def test_usage_leaves_out_what_the_system_could_drop():
    """As `docker stats` tells it."""
    used = EngineRunner(Engine(), "emulator").start(launch()).usage()

    assert (used.cpu_seconds, used.memory_bytes) == (2.5, 200)


@pytest.mark.parametrize(("code", "passed"), [("0", True), ("1", False)])
def test_a_probe_passes_by_its_exit_code(code, passed):
    """Run within the container."""
    assert EngineRunner(Engine(), "emulator").start(launch()).probe([code], 5) is passed


def test_what_dead_emulators_left_is_removed():
    """And nothing else."""
    engine = Engine(
        [
            {"Id": "emulator", "runs": True, "Labels": {OWNER: "emulator"}},
            {"Id": "its-task", "runs": True, "Labels": {OWNER: "emulator"}},
            {"Id": "left", "runs": True, "Labels": {OWNER: "gone"}},
        ]
    )

    remove_abandoned(engine)

    assert engine.removed == ["left"]


def test_a_health_check_that_takes_too_long_counts_as_failed(monkeypatch):
    """It is not waited for, and ends by itself or with its container."""
    ends = threading.Event()
    engine = Engine()
    engine.exec_start = lambda _identity: ends.wait(timeout=20)
    monkeypatch.setattr(engine_runner, "PROBE_REAL_SECONDS", 0.0)

    assert not RunningContainer(engine, "made").probe(["0"], timeout=0.01)

    ends.set()
    assert RunningContainer(engine, "made").probe(["0"], timeout=20)
