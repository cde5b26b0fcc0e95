"""Message attributes as SQS takes, returns and counts them."""

from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.queues import attributes
from huntaze_scraper.queues.attributes import ERROR_CLASS, PRODUCERS, REASON, REASONS
from huntaze_scraper.queues.limits import MAX_ATTRIBUTES

ATTRIBUTES = st.dictionaries(
    st.sampled_from([*REASONS, PRODUCERS]) | st.text("abc", min_size=1),
    st.builds(attributes.text, st.text(min_size=1))
    | st.builds(attributes.number, st.integers())
    | st.builds(lambda held: {"DataType": "Binary", "BinaryValue": held}, st.binary(min_size=1)),
    max_size=MAX_ATTRIBUTES,
)


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


@given(ATTRIBUTES, st.dictionaries(st.sampled_from(REASONS), st.text("xyz", min_size=1)))
def test_a_dead_letter_has_its_reasons_and_all_that_its_producer_gave(
    original: attributes.Attributes, more: dict[str, str]
) -> None:
    """Never more than ten attributes; a replay restores the producer's, also those of the same names."""
    reasons = {**more, REASON: "why", ERROR_CLASS: "InvalidJob"}

    letter = attributes.with_reasons(original, reasons)

    assert len(letter) <= MAX_ATTRIBUTES
    assert {name: attributes.text_of(letter, name) for name in reasons} == reasons
    assert attributes.without_reasons(letter) == original


def test_what_sqs_itself_moved_keeps_what_its_producer_calls_a_reason() -> None:
    """Redrive adds no attribute: there is nothing to take away."""
    own = {REASON: attributes.text("a campaign"), "status": attributes.text("new")}

    assert attributes.without_reasons(own) == own
