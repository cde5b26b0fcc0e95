"""Message attributes as SQS takes, returns and counts them."""

from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.queues import attributes


@given(st.text())
def test_a_text_is_made_fit_for_sqs_and_keeps_its_length(value: str) -> None:
    """A control character would have the whole message refused."""
    written = attributes.text(value)["StringValue"]

    assert len(written) == len(value)
    assert all(ord(each) >= 0x20 or each in "\t\n\r" for each in written)
    assert not set(written) & {"\ufffe", "\uffff"}
    assert not any("\ud800" <= each <= "\udfff" for each in written)


def test_bytes_are_counted_as_sqs_counts_them() -> None:
    """Name, type and value of each; a text in UTF-8."""
    counted = attributes.size({"é": attributes.text("ü"), "raw": {"DataType": "Binary", "BinaryValue": b"123"}})

    assert counted == (2 + 6 + 2) + (3 + 6 + 3)


def test_received_attributes_can_be_sent_again() -> None:
    """SendMessage refuses the empty lists that a receive returns."""
    received = {"a": {"DataType": "String", "StringValue": "x", "StringListValues": [], "BinaryListValues": []}}

    assert attributes.as_sent(received) == {"a": attributes.text("x")}
    assert attributes.text_of(received, "a") == "x"
    assert attributes.text_of(received, "b") == ""
