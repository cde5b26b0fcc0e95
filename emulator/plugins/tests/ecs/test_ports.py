"""Ports handed to containers."""

import socket

from localprocs.ecs.ports import Ports


def listening():
    """A socket that listens."""
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    found.listen()
    return found


def test_a_free_port_is_handed_out_as_it_is_and_then_another():
    """Two containers with the same port get different ones, until the first gives it back."""
    ports = Ports()
    with listening() as taken:
        wanted = taken.getsockname()[1]
    first, second = ports.take([wanted]), ports.take([wanted])

    assert first == {wanted: wanted}
    assert second[wanted] != wanted
    ports.give_back(first.values())
    assert ports.take([wanted]) == {wanted: wanted}


def test_a_port_that_something_listens_on_is_left_alone():
    """Whoever it belongs to."""
    with listening() as taken:
        wanted = taken.getsockname()[1]
        assert Ports().take([wanted])[wanted] != wanted
