"""Media files, whole and in ranges."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visitor import Visitor

import fake_onlyfans
from fake_onlyfans.pages.media import Unsatisfiable, byte_range

SMALL, *_, LARGE = fake_onlyfans.accounts()[0].media


def content(file: fake_onlyfans.Media) -> bytes:
    """Return the whole file."""
    return b"".join(file.read())


@pytest.mark.parametrize("file", fake_onlyfans.accounts()[0].media, ids=lambda file: file.name)
def test_a_file_comes_whole(creator: Visitor, file: fake_onlyfans.Media) -> None:
    """With its type, its length and the bytes that the seed stands for."""
    answer = creator.get(f"/media/{file.name}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == file.content_type
    assert int(answer.headers["content-length"]) == file.size == len(answer.content)
    assert hashlib.sha256(answer.content).hexdigest() == file.sha256()
    assert answer.headers["accept-ranges"] == "bytes"


def test_any_account_may_see_any_file(creator: Visitor) -> None:
    """A session is needed, not a certain one."""
    assert creator.get(f"/media/{fake_onlyfans.accounts()[4].media[0].name}").status_code == 200


def test_head_says_all_but_the_bytes(creator: Visitor) -> None:
    """The length is announced, the body is empty."""
    answer = creator.head(f"/media/{LARGE.name}")

    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, str(LARGE.size), b"")


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=65530-65545", 65530, 65546),
        ("bytes=4000000-", 4_000_000, LARGE.size),
        ("bytes=-500", LARGE.size - 500, LARGE.size),
        ("bytes=10-999999999", 10, LARGE.size),
    ],
)
def test_a_range_comes_as_206(creator: Visitor, asked: str, start: int, stop: int) -> None:
    """Exactly those bytes, across the borders of blocks too."""
    answer = creator.get(f"/media/{LARGE.name}", headers={"range": asked})

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{LARGE.size}"
    assert answer.content == content(LARGE)[start:stop]


def test_a_range_beyond_the_end_is_416(creator: Visitor) -> None:
    """The answer says how long the file is."""
    answer = creator.get(f"/media/{SMALL.name}", headers={"range": f"bytes={SMALL.size}-"})

    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{SMALL.size}")


def test_a_download_goes_on_where_it_stopped_only_if_the_file_is_the_same(creator: Visitor) -> None:
    """If-Range with another tag gives the whole file."""
    path, tag = f"/media/{SMALL.name}", creator.head(f"/media/{SMALL.name}").headers["etag"]

    assert creator.get(path, headers={"range": "bytes=5-", "if-range": tag}).status_code == 206
    assert creator.get(path, headers={"range": "bytes=5-", "if-range": '"other"'}).status_code == 200


def test_a_file_may_never_end(creator: Visitor) -> None:
    """The file ``endless`` announces no length and goes on until the client goes."""
    got = 0
    with creator.stream("GET", "/media/endless") as answer:
        assert "content-length" not in answer.headers
        for part in answer.iter_raw():
            got += len(part)
            if got > 20_000_000:
                break

    assert creator.get("/my/chats").status_code == 200


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_range_is_what_slicing_says(first: int, last: int) -> None:
    """First and last byte, both counted from 0 and both included."""
    size = 100
    try:
        span = byte_range(f"bytes={first}-{last}", size)
    except Unsatisfiable:
        assert first >= size
        return
    if last < first:
        assert span is None
    else:
        assert span
        assert bytes(range(size))[slice(*span)] == bytes(range(size))[first : last + 1]


@pytest.mark.parametrize("header", ["bytes=-", "bytes=1-2,4-5", "lines=1-2", "bytes=x-y", "bytes=٣-", "bytes 1-2", ""])
def test_a_range_that_cannot_be_read_is_ignored(header: str) -> None:
    """The whole file is a right answer to it."""
    assert byte_range(header, 100) is None


def test_the_last_no_bytes_of_a_file_are_no_range() -> None:
    """A suffix of length 0 can be satisfied by nothing."""
    with pytest.raises(Unsatisfiable):
        byte_range("bytes=-0", 100)
