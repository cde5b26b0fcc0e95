"""Output of a process as log events."""

import os

from localprocs.lambda_runtime.process_output import FRAME_HEADER, FrameBuffer, LineBuffer, ProcessOutput


def test_a_line_is_one_event_however_it_arrives():
    """Pieces of a line are joined."""
    buffer = LineBuffer()

    assert [text for _, text in buffer.add(b"one\ntw")] == ["one\n"]
    assert [text for _, text in buffer.add(b"o\n")] == ["two\n"]


def test_a_last_line_without_an_end_is_not_lost():
    """What a process wrote before it died is an event too."""
    buffer = LineBuffer()
    list(buffer.add(b"dying words"))

    assert [text for _, text in buffer.rest()] == ["dying words"]


def test_a_frame_is_one_event_with_its_own_time():
    """A logged traceback stays together, lines and all, wherever the pipe cuts it."""
    frame = FRAME_HEADER.pack(0xA55A0003, 7, 1_500_000) + b"two\nlin"
    buffer = FrameBuffer()

    assert list(buffer.add(frame[:10])) == []
    assert list(buffer.add(frame[10:])) == [(1500, "two\nlin")]


def test_drain_emits_what_was_written_before_it():
    """Nothing that a handler wrote comes after the END line."""
    events = []
    output = ProcessOutput(lambda _at, text: events.append(text))
    os.write(output.lines_fd, b"hello\nunfinished")
    output.drain(all_of_it=True)

    assert events == ["hello\n", "unfinished"]
