"""What begins to run again after a saved cloud was read: functions, mappings, rules, tasks; queues know their moments."""

import queue as queues
from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.sqs.models import SqsMessage, SqsQueue, sqs_stores

from localprocs import scheduled_rules
from localprocs.ecs import plugin as ecs
from localprocs.ecs.region import Region
from localprocs.state import messages, objects

_REGIONS = "ecs/regions"


def plain() -> dict[str, Any]:
    """Return what is no container of a service's: ECS's regions without their tasks."""
    found = [
        Region(it.place, dict(it.clusters), dict(it.definitions), dict(it.services), tokens=dict(it.tokens))
        for it in ecs.regions()
    ]
    return {_REGIONS: found}


def revive(services: list[str], found: dict[str, Any]) -> None:
    """Start what the services ran, in an order in which each finds what it needs."""
    for _, _, store in sqs_stores.iter_stores():
        for each in store.queues.values():
            messages.watch(each)
    if "s3" in services:
        objects.make_folders()
    _hook("s3", services)
    _hook("kms", services)
    if "events" in services:
        _revive_rules()
    _hook("lambda", services)
    if found.get(_REGIONS):
        SERVICE_PLUGINS.require("ecs")
        ecs.adopt(found[_REGIONS])


def _hook(name: str, services: list[str]) -> None:
    if name in services:
        hook = SERVICE_PLUGINS.get_service(name).lifecycle_hook
        hook.on_before_state_load()
        hook.on_after_state_load()


def _revive_rules() -> None:
    from localstack.services.events.event_bus import EventBusService  # noqa: PLC0415 - where rules are
    from localstack.services.events.models import events_stores  # noqa: PLC0415
    from localstack.services.events.rule import RuleService  # noqa: PLC0415

    provider: Any = SERVICE_PLUGINS.get_service("events")._provider  # noqa: SLF001 - its services stand beside its stores
    scheduled_rules.forget()
    provider._rule_services_store.clear()  # noqa: SLF001 - those of rules that are no more
    for account, region, store in events_stores.iter_stores():
        for bus in store.event_buses.values():
            provider._event_bus_services_store[bus.arn] = EventBusService(bus)  # noqa: SLF001
            for rule in bus.rules.values():
                service = provider._rule_services_store[rule.arn] = RuleService(rule)  # noqa: SLF001
                for target in rule.targets.values():
                    provider.create_target_sender(target, rule.arn, rule.name, region, account)
                if rule.schedule_expression and rule.targets:
                    job = provider._get_scheduled_rule_job_function(account, region, rule)  # noqa: SLF001
                    service.create_schedule_job(job)


_OF_PROCESS = frozenset({"mutex", "name", "region", "account_id"})


def of_queue(queue: SqsQueue) -> dict[str, Any]:
    """Return what a queue holds, as plain values."""
    return {
        name: list(value.queue) if isinstance(value, queues.Queue) else set(value) if name == "delayed" else value
        for name, value in vars(queue).items()
        if name not in _OF_PROCESS
    }


def fill_queue(queue: SqsQueue, data: dict[str, Any]) -> None:
    """Give a new queue what another held."""
    for name, value in data.items():
        own = getattr(queue, name, None)
        if isinstance(own, queues.Queue):
            own.queue = type(own.queue)(value)
        elif name == "delayed":
            held: set[SqsMessage] = queue.delayed
            set.update(held, value)
        else:
            setattr(queue, name, value)
