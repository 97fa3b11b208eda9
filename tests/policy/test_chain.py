"""The encoding of a line, and the chain that is made of it."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import assume, example, given
from hypothesis import strategies as st

from policy.chain import Head, How, Line, beginning, continued, encoded, hash_of

MONDAY = datetime(2026, 11, 2, 18, tzinfo=UTC)  # Monday 2026-11-02, 10:00 in Los Angeles
A_LINE = Line("SO-2026-000001", 1, MONDAY, "case:opened", 'Núñez "said", \\ no', "pcc.lee", "any", unsigned=False)

LINES = st.builds(
    Line,
    case_number=st.text(max_size=5),
    seq=st.integers(0, 30),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    event=st.none() | st.text(max_size=5),
    text=st.none() | st.text(max_size=5),
    actor=st.none() | st.text(max_size=5),
    clause=st.none() | st.text(max_size=5),
    unsigned=st.none() | st.booleans(),
)
LINKED = st.tuples(st.text(max_size=5), st.integers(0, 30), st.sampled_from([how.value for how in How]), LINES)


def told_apart(one: tuple[object, ...]) -> str:
    """What distinguishes values in Python, where True is 1."""
    return repr(one)


@given(LINKED, LINKED)
@example(
    ("a", 1, "recorded", A_LINE._replace(event='a","b', text="c")),
    ("a", 1, "recorded", A_LINE._replace(event="a", text='b","c')),
)
@example(("a", 1, "recorded", A_LINE._replace(unsigned=False)), ("a", 1, "recorded", A_LINE._replace(unsigned=True)))
@example(("a", 1, "recorded", A_LINE._replace(actor="")), ("a", 1, "recorded", A_LINE._replace(actor=None)))
@example(("1", 1, "recorded", A_LINE), ("", 11, "recorded", A_LINE))
def test_no_two_different_lines_have_one_encoding(one, other):
    assume(told_apart(one) != told_apart(other))

    assert encoded(*one) != encoded(*other)


@given(LINKED)
def test_a_line_has_one_encoding_wherever_its_clock_hangs(linked):
    previous, position, how, line = linked
    assume(line.at is not None)
    assume(datetime(2, 1, 1, tzinfo=UTC) < line.at < datetime(9998, 1, 1, tzinfo=UTC))

    elsewhere = line._replace(at=line.at.astimezone(timezone(timedelta(hours=-8))))

    assert encoded(previous, position, how, line) == encoded(previous, position, how, elsewhere)


def test_the_encoding_is_the_one_that_is_described():
    as_described = (
        '["second-opinion/line/1","ab",7,"recorded","SO-2026-000001",1,"2026-11-02T18:00:00.000000+00:00",'
        '"case:opened","Núñez \\"said\\", \\\\ no","pcc.lee","any",false]'
    )

    assert encoded("ab", 7, "recorded", A_LINE).decode() == as_described
    assert hash_of("ab", 7, "recorded", A_LINE) == hashlib.sha256(as_described.encode()).hexdigest()
    assert beginning("SO-1") == hashlib.sha256(b'["second-opinion/case/1","SO-1"]').hexdigest()


def test_a_chain_goes_on_from_its_head():
    lines = [A_LINE._replace(seq=seq) for seq in (1, 2, 3)]

    whole = continued("SO-2026-000001", None, lines)
    first = continued("SO-2026-000001", None, lines[:1])
    rest = continued("SO-2026-000001", Head("SO-2026-000001", 1, first[0].hash), lines[1:])

    assert whole == first + rest
    assert [link.position for link in whole] == [1, 2, 3]
    assert [link.previous for link in whole] == [beginning("SO-2026-000001"), whole[0].hash, whole[1].hash]
