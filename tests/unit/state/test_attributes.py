"""Values on their way to the state table and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.state.attributes import known, read_all, write, write_all
from huntaze_scraper.state.slot import Place

scalars = st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.binary()
values = st.recursive(scalars, lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=8)


@given(st.dictionaries(st.text(), values))
def test_what_is_written_is_read_back_as_it_was(item: dict[str, object]) -> None:
    """With its types: a count comes back as int, a moment with fractions as float."""
    assert repr(read_all(write_all(item))) == repr(item)


@pytest.mark.parametrize("value", [None, object(), {1, 2}])
def test_what_no_attribute_can_hold_is_refused(value: object) -> None:
    """Rather than stored as something else."""
    with pytest.raises(TypeError, match="no attribute can be"):
        write(value)


def test_an_attribute_that_a_later_version_added_is_no_obstacle() -> None:
    """The version before must read it after a rollback."""
    place = Place("creator", 5)

    assert Place(**known(Place, place.write() | {"pk": "slot#j", "of_tomorrow": 1})) == place
