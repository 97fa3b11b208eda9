"""The views that people save: by person and name, replaced, deleted, not without end."""

import pytest
from sqlalchemy import Engine

from records import views
from records.errors import RecordsError
from records.views import SavedView

MINE, THEIRS = "cm.alvarez", "cm.brown"


def a_view(name: str = "Urgent", query: str = "tab=group&priority=expedited") -> SavedView:
    return SavedView(name=name, query=query)


def test_a_view_is_found_again_by_whoever_saved_it_and_by_nobody_else(engine: Engine):
    views.save(engine, MINE, a_view())

    assert views.of(engine, MINE) == (a_view(),)
    assert views.of(engine, THEIRS) == ()


def test_views_are_in_the_order_of_their_names_whatever_their_capitals(engine: Engine):
    for name in ("b", "C", "a"):
        views.save(engine, MINE, a_view(name))

    assert [view.name for view in views.of(engine, MINE)] == ["a", "b", "C"]


def test_a_view_of_the_same_name_is_replaced(engine: Engine):
    views.save(engine, MINE, a_view())

    views.save(engine, MINE, a_view(query="tab=mine"))

    assert views.of(engine, MINE) == (a_view(query="tab=mine"),)


def test_a_view_is_deleted_once_and_only_ones_own(engine: Engine):
    views.save(engine, MINE, a_view())
    views.save(engine, THEIRS, a_view())

    deleted = [views.forget(engine, MINE, "Urgent") for _ in range(2)]

    assert deleted == [True, False]
    assert views.of(engine, THEIRS) == (a_view(),)


def test_nobody_saves_views_without_end_but_may_change_the_last(engine: Engine):
    for place in range(views.MOST):
        views.save(engine, MINE, a_view(f"{place}"))

    with pytest.raises(RecordsError, match="30 saved views; delete one first"):
        views.save(engine, MINE, a_view("one more"))
    views.save(engine, MINE, a_view("29", "tab=mine"))

    assert len(views.of(engine, MINE)) == views.MOST
