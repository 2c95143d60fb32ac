import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import InvalidArgument
from registry.paging import open_cursor, page_limit, query_key, seal_cursor

PLACES = st.dictionaries(
    st.text(max_size=10),
    st.one_of(st.none(), st.integers(-(10**9), 10**9), st.text(max_size=30), st.lists(st.text())),
    max_size=4,
)
URL_SAFE = set(string.ascii_letters + string.digits + "-_")


@settings(derandomize=True, max_examples=200, deadline=None)
@given(query=st.text(max_size=50), place=PLACES)
def test_a_cursor_opens_to_the_place_it_was_sealed_over(query: str, place: dict) -> None:
    cursor = seal_cursor(query, place)

    assert set(cursor) <= URL_SAFE
    assert open_cursor(query, cursor) == place


@settings(derandomize=True, max_examples=200, deadline=None)
@given(place=PLACES, data=st.data())
def test_a_cursor_that_was_altered_anywhere_is_refused(place: dict, data: st.DataObject) -> None:
    cursor = seal_cursor("query", place)
    at = data.draw(st.integers(0, len(cursor) - 1))
    kept = cursor[at]
    put = data.draw(st.sampled_from([each for each in "Aa0_-" if each != kept]))
    altered = cursor[:at] + put + cursor[at + 1 :]

    try:
        opened = open_cursor("query", altered)
    except InvalidArgument:
        return
    # The last character of base64 may hold bits that do not count.
    assert at == len(cursor) - 1
    assert opened == place


@settings(derandomize=True, max_examples=200, deadline=None)
@given(cursor=st.text(max_size=60))
def test_any_text_is_refused_and_never_breaks(cursor: str) -> None:
    with pytest.raises(InvalidArgument):
        open_cursor("query", cursor)


@pytest.mark.parametrize("cursor", ["", "x" * 100_000, "A" * 16_384, "é", "a b", "=", "..", "MS4u"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArgument, match="cursor"):
        open_cursor("query", cursor)


def test_a_cursor_of_another_query_is_refused() -> None:
    cursor = seal_cursor(query_key("adapters", "tv", {"a": "b"}), {"after": 1})

    for other in (
        query_key("adapters", "tv", {"a": "c"}),
        query_key("adapters", "tw", {"a": "b"}),
        query_key("models", "tv", {"a": "b"}),
        query_key("adapters", "tv"),
    ):
        with pytest.raises(InvalidArgument, match="other arguments"):
            open_cursor(other, cursor)


def test_a_query_is_the_same_in_whatever_order_its_filters_come() -> None:
    assert query_key("k", {"a": 1, "b": 2}) == query_key("k", {"b": 2, "a": 1})


def test_parts_of_a_query_do_not_run_into_each_other() -> None:
    assert query_key("k", "a", "bc") != query_key("k", "ab", "c")


@pytest.mark.parametrize(("given_limit", "used"), [(0, 20), (1, 1), (100, 100)])
def test_a_page_holds_what_was_asked_and_twenty_by_default(given_limit: int, used: int) -> None:
    assert page_limit(given_limit) == used


@pytest.mark.parametrize("limit", [-1, 101])
def test_a_limit_outside_one_to_a_hundred_is_refused(limit: int) -> None:
    with pytest.raises(InvalidArgument):
        page_limit(limit)
