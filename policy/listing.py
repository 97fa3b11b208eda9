"""What a directory adds to the tests of a physician: licence, exclusion and listing on a day. Policy 90.2.17, PUR."""

from enum import StrEnum

from policy.verdict import Value


class ListedTest(StrEnum):
    """What is asked of a physician's entry in the directory, on the day of the proposal."""

    IN_FORCE = "in_force"
    LICENCE_IN_FORCE = "licence_in_force"
    NOT_EXCLUDED = "not_excluded"


class ListedResult(Value):
    """One test's answer: what failed, or what was taken for granted where the directory is silent."""

    test: ListedTest
    passed: bool
    reason: str = ""
    clause: str


COUNTED: dict[ListedTest, tuple[str, str]] = {
    ListedTest.IN_FORCE: ("is not listed on the day", "are not listed on the day"),
    ListedTest.LICENCE_IN_FORCE: ("has no licence in force", "have no licence in force"),
    ListedTest.NOT_EXCLUDED: ("is excluded from federal programs", "are excluded from federal programs"),
}
