"""Stored values compared as values: what is the same, and what is looked up as the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.deployments.values import outline, same_value

SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, -0.0, "", "1", "a", 2**53 + 1, 2.0**53])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["0", "1", "a/0", "a", "~1"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(one=VALUES, other=VALUES)
def test_two_values_have_one_outline_only_when_they_are_the_same(one, other):
    assert same_value(one, other) is (outline(one) == outline(other))
    assert outline([one, other]) == outline([one, other])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": [None]}, {"b": [None], "a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        (["x"], {"0": "x"}, False),
        ({"a/0": 1}, {"a": [1]}, False),
        ([[], {}], [{}, []], False),
        ({"a": None}, {}, False),
        (2**53 + 1, 2.0**53, False),
    ],
)
def test_key_order_and_kinds_of_numbers_say_nothing(one, other, same):
    assert (same, same) == (same_value(one, other), outline(one) == outline(other))
