"""What a queue's messages say of it."""

import pytest
from localprocs.queue_metrics.gauges import Held, Timeline

NOW = 10_000.0
DAYS = 4 * 24 * 3600.0


def told(*messages, at=NOW, is_fifo=False, is_dead_letter=False, retention=DAYS):
    """Gauge the messages."""
    timeline = Timeline(messages, is_fifo=is_fifo, is_dead_letter=is_dead_letter, retention_seconds=retention)
    return timeline.at(at)


def test_empty_queue_has_no_oldest_message():
    """No message, no age."""
    figures = told()
    assert (figures.visible, figures.in_flight, figures.delayed, figures.age_of_oldest) == (0, 0, 0, None)


@pytest.mark.parametrize(
    ("message", "visible", "in_flight", "delayed"),
    [
        (Held(NOW - 60), 1, 0, 0),
        (Held(NOW - 60, receives=1, is_in_flight=True, visible_at=NOW + 30), 0, 1, 0),
        (Held(NOW - 60, receives=1, is_in_flight=True, visible_at=NOW), 1, 0, 0),
        (Held(NOW - 60, delayed_until=NOW + 1), 0, 0, 1),
        (Held(NOW - 60, delayed_until=NOW), 1, 0, 0),
        (Held(NOW + 1), 0, 0, 0),
    ],
)
def test_message_is_counted_once_where_it_is(message, visible, in_flight, delayed):
    """A message waits, is in flight, is delayed, or is not sent yet."""
    figures = told(message)
    assert (figures.visible, figures.in_flight, figures.delayed) == (visible, in_flight, delayed)


@pytest.mark.requirement("5.1")
@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([Held(NOW - 900), Held(NOW - 100)], 900),
        ([Held(NOW - 900, receives=2), Held(NOW - 100)], 900),
        # received three times: at the back of the queue, and out of the metric
        ([Held(NOW - 900, receives=3), Held(NOW - 100)], 100),
        ([Held(NOW - 900, receives=9), Held(NOW - 500, receives=3), Held(NOW - 100, receives=2)], 100),
        ([Held(NOW - 900, receives=3)], None),
        # in flight or delayed is still not deleted
        ([Held(NOW - 900, receives=1, is_in_flight=True, visible_at=NOW + 60)], 900),
        ([Held(NOW - 300, delayed_until=NOW + 60)], 300),
    ],
)
def test_age_of_a_standard_queue_leaves_out_what_was_received_three_times(messages, expected):
    """AWS's rule for poison pills."""
    assert told(*messages).age_of_oldest == expected


@pytest.mark.requirement("5.1")
def test_age_of_a_fifo_queue_counts_every_message():
    """A FIFO queue never puts a message at its back."""
    assert told(Held(NOW - 900, receives=9), Held(NOW - 100), is_fifo=True).age_of_oldest == 900


def test_age_of_a_dead_letter_queue_counts_every_message_from_its_move():
    """How often a message was looked at there does not matter."""
    assert told(Held(NOW - 900, receives=9), is_dead_letter=True).age_of_oldest == 900


def test_expired_messages_do_not_count():
    """What the queue no longer keeps is neither counted nor aged."""
    figures = told(Held(NOW - DAYS - 1), Held(NOW - 10))
    assert (figures.visible, figures.age_of_oldest) == (1, 10)


def test_groups_in_flight_are_counted_once_each():
    """Two messages of one group in flight are one group."""
    messages = [Held(NOW, group=group, is_in_flight=True, visible_at=NOW + 30) for group in "aab"]
    assert told(*messages, is_fifo=True).groups_in_flight == 2


def test_moment_within_a_jump_is_told_as_it_was():
    """Between two moments only time passes: a visibility timeout ends, and the age grows."""
    message = Held(NOW, receives=1, is_in_flight=True, visible_at=NOW + 300)
    before, after = told(message, at=NOW + 240), told(message, at=NOW + 360)
    assert (before.in_flight, before.age_of_oldest) == (1, 240)
    assert (after.visible, after.age_of_oldest) == (1, 360)
