"""The state table's calls: plain values, and errors by the reaction that they ask for."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.state.keys import Kind, name_of
from huntaze_scraper.state.table import ConditionFailed, StateTable
from tests.unit.aws import state_table

KEY = Kind.JOB.key("j")


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[StateTable]:
    with state_table(monkeypatch) as client:
        yield StateTable(client, "state")


def test_an_item_is_read_as_plain_values_whole_or_in_part(table: StateTable) -> None:
    """Also by names that DynamoDB keeps for itself."""
    table.write_together([table.put(KEY, {"state": "done", "count": 2})])

    assert table.get(KEY) == {"pk": KEY, "state": "done", "count": 2}
    assert table.get(KEY, "state") == {"state": "done"}
    assert table.get(Kind.JOB.key("another")) == {}


def test_a_refused_change_shows_the_item_only_where_asked(table: StateTable) -> None:
    """An item may be a session, which no exception may hold."""
    table.write_together([table.put(KEY, {"state": "done"})])

    for shows_item, item in ((True, {"pk": KEY, "state": "done"}), (False, {})):
        with pytest.raises(ConditionFailed) as refusal:
            table.update(KEY, "SET note = :n", {":n": 1}, condition="attribute_not_exists(pk)", shows_item=shows_item)
        assert refusal.value.item == item


def test_keys_are_found_by_how_they_begin(table: StateTable) -> None:
    """Of all kinds, or of those that were asked for."""
    keys = [Kind.JOB.key("ab"), Kind.SLOT.key("ab"), Kind.SLOT.key("b"), Kind.SESSION.key("ab")]
    table.write_together([table.put(key, {}) for key in keys])

    assert set(table.find_keys()) == set(keys)
    assert {name_of(key) for key in table.find_keys(Kind.JOB.key("a"), Kind.SLOT.key("a"))} == {"ab"}
    table.delete(keys[0])
    assert set(table.find_keys()) == set(keys[1:])


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="https://dynamodb"),
        ParamValidationError(report="creator's words"),
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "creator's words"}}, "GetItem"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_store_that_fails_is_told_without_what_it_said(table: StateTable, error: Exception) -> None:
    """Its words may be an item's."""

    class Broken:
        def get_item(self, **_: object) -> None:
            raise error

    with pytest.raises(StoreUnavailable) as raised:
        StateTable(Broken(), "state").get(KEY)  # type: ignore[arg-type]

    assert "words" not in str(raised.value)
    assert raised.value.__suppress_context__
