"""Where a new mapping begins, and which shards it starts."""

from __future__ import annotations

from localcloud.lambda_host.checkpoint import Position
from localcloud.lambda_host.mapping import first_positions, startable
from localcloud.lambda_host.source import ShardInfo


def test_where_a_new_mapping_begins() -> None:
    """GIVEN a closed parent and its child THEN each starting position begins where AWS says."""
    shards = [ShardInfo("parent", (), True), ShardInfo("child", ("parent",), False)]
    assert first_positions(shards, "TRIM_HORIZON", None, 9.0) == {
        "parent": Position(),
        "child": Position(),
    }
    assert first_positions(shards, "LATEST", None, 9.0) == {
        "parent": Position(closed=True),
        "child": Position(timestamp=9.0),
    }
    assert set(first_positions(shards, "AT_TIMESTAMP", 3.0, 9.0).values()) == {
        Position(timestamp=3.0)
    }


def test_children_start_after_their_parents() -> None:
    """GIVEN a merge of two shards and a split of the result THEN each starts once all its parents
    are done.
    """
    shards = [
        ShardInfo("a", (), True),
        ShardInfo("b", ("expired",), True),
        ShardInfo("ab", ("a", "b"), True),
        ShardInfo("left", ("ab",), False),
        ShardInfo("right", ("ab",), False),
    ]
    assert startable(shards, set(), set()) == ["a", "b"]
    assert startable(shards, {"a"}, {"b"}) == []
    assert startable(shards, {"a", "b"}, set()) == ["ab"]
    assert startable(shards, {"a", "b", "ab"}, {"left"}) == ["right"]
