"""Spot interruptions: what a request may say."""

import json

import pytest
from localprocs.ecs.errors import InvalidInterruption
from localprocs.ecs.interruptions import Interruption, parse


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"task": "abc"}, Interruption(task="abc")),
        ({"share": 0.5}, Interruption(share=0.5)),
        ({"share": 1, "seed": 7, "cluster": "c"}, Interruption(share=1, seed=7, cluster="c")),
    ],
)
def test_a_task_or_a_share_is_interrupted(content, expected):
    """A share with a seed, in one cluster perhaps."""
    assert parse(json.dumps(content).encode()) == expected


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "must be JSON"),
        (b"[]", "JSON object"),
        (b"{}", "either task or share"),
        (b'{"task": "a", "share": 1}', "either task or share"),
        (b'{"task": 5}', "task must be"),
        (b'{"share": 1.5}', "within 0 and 1"),
        (b'{"share": -0.1}', "within 0 and 1"),
        (b'{"share": true}', "within 0 and 1"),
        (b'{"share": "all"}', "within 0 and 1"),
        (b'{"share": 1, "seed": 1.5}', "seed must be"),
        (b'{"share": 1, "cluster": 3}', "cluster must be"),
        (b'{"share": 1, "sead": 3}', "unknown: sead"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(body, told):
    """In one line."""
    with pytest.raises(InvalidInterruption, match=told):
        parse(body)
