"""Versions of the directory in the records, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select

from policy.directory import ImportReport, Physician, RefusedEntry
from policy.taxonomy import alike
from records import directory as module
from records.database import reading, writing
from records.directory import DirectoryRecords, Imported, prepare
from records.errors import RecordsError
from records.tables import DIRECTORY_PHYSICIANS, DIRECTORY_TERMS, DIRECTORY_VERSIONS
from tests.builders import MONDAY
from tests.policy.physicians import ALDER, BIRCH, POPPY, a_physician, an_npi

DAY = date(2026, 11, 2)  # a Monday


@pytest.fixture
def directory(engine: Engine) -> DirectoryRecords:
    return DirectoryRecords(engine)


def imported(directory: DirectoryRecords, *physicians: Physician, on: date = DAY) -> Imported:
    return directory.import_version(prepare(physicians), label="November", source="a.csv", in_force_from=on, at=MONDAY)


def count(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        tables = (DIRECTORY_VERSIONS, DIRECTORY_PHYSICIANS, DIRECTORY_TERMS)
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_a_version_holds_what_was_imported_to_the_letter(directory: DirectoryRecords):
    one = a_physician(1, name="Dr. Inés Đặng 李", languages=("es", "vi"), excluded_since=date(2030, 1, 1))

    version, is_new = imported(directory, one, a_physician(2))

    assert is_new
    assert (version.id, version.label, version.source, version.count) == ("2026-11-02-1", "November", "a.csv", 2)
    assert (version.in_force_from, version.imported_at) == (DAY, MONDAY)
    assert directory.version(version.id) == version
    assert directory.physician(version.id, one.npi) == one
    assert directory.physician(version.id, an_npi(3)) is None
    assert directory.physician("2026-11-02-2", one.npi) is None


def test_the_same_again_in_any_order_is_the_same_version(directory: DirectoryRecords, engine: Engine):
    first = imported(directory, a_physician(1), a_physician(2))
    before = count(engine)

    again = imported(directory, a_physician(2), a_physician(1), on=DAY + timedelta(days=3))

    assert again == Imported(first.version, is_new=False)
    assert count(engine) == before


def test_a_change_is_a_new_version_and_the_earlier_one_stays_as_it_was(directory: DirectoryRecords):
    first = imported(directory, a_physician(1)).version
    second = imported(directory, a_physician(1, languages=("hy",))).version

    assert second.id == "2026-11-02-2"
    assert directory.in_force_on(DAY) == second
    assert directory.versions() == [second, first]
    assert directory.physician(first.id, an_npi(1)) == a_physician(1)


def test_what_was_in_force_before_can_be_put_in_force_again(directory: DirectoryRecords):
    imported(directory, a_physician(1))
    imported(directory, a_physician(2))

    back, is_new = imported(directory, a_physician(1))

    assert is_new
    assert directory.in_force_on(DAY) == back
    assert [v.id for v in directory.versions()] == ["2026-11-02-3", "2026-11-02-2", "2026-11-02-1"]


def test_the_tenth_version_of_a_day_comes_after_the_ninth(directory: DirectoryRecords):
    versions = [imported(directory, a_physician(n)).version for n in range(1, 12)]

    assert directory.in_force_on(DAY) == versions[-1]
    assert directory.versions() == versions[::-1]


def test_a_version_is_in_force_from_its_day_until_that_of_a_later_one(directory: DirectoryRecords):
    later = imported(directory, a_physician(2), on=DAY + timedelta(days=7)).version
    first = imported(directory, a_physician(1)).version

    days = [DAY + timedelta(days=n) for n in (-1, 0, 6, 7, 400)]
    assert [directory.in_force_on(day) for day in days] == [None, first, first, later, later]


def test_physicians_are_found_by_specialty_organization_and_language_together(directory: DirectoryRecords):
    people = [
        a_physician(1, "Orthopaedic  Surgery", languages=("es",)),
        a_physician(2, "orthopedic surgery", affiliations=(BIRCH, POPPY)),
        a_physician(3, "hematology", affiliations=(ALDER,), languages=("es", "hy")),
        a_physician(4, "medical oncology", affiliations=()),
    ]
    version = imported(directory, *people).version.id

    def found(**wanted: object) -> list[str]:
        return [one.npi for one in directory.find(version, **wanted)]  # type: ignore[arg-type]

    assert found() == sorted(one.npi for one in people)
    assert found(specialties=alike("orthopedics")) == [an_npi(1), an_npi(2)]
    assert found(specialties=alike("oncology")) == [an_npi(3), an_npi(4)]
    assert found(organization="ALDER ipa") == [an_npi(1), an_npi(3)]
    assert found(organization="Golden Poppy Specialists", specialties=alike("orthopedics")) == [an_npi(2)]
    assert found(language="es", organization="Alder IPA", specialties=("hematology",)) == [an_npi(3)]
    assert found(language="xx") == []
    assert found(limit=2) == [an_npi(1), an_npi(2)]
    assert directory.find("2026-01-01-1") == []
    assert directory.terms(version, "organization") == ["alder ipa", "birch ipa", "golden poppy specialists"]


def test_an_import_that_fails_on_the_way_leaves_nothing(
    directory: DirectoryRecords, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    imported(directory, a_physician(1))
    before = count(engine)
    monkeypatch.setattr(module, "BATCH", 2)
    broken = prepare(a_physician(n) for n in range(2, 9))
    broken.terms.append(broken.terms[0])  # the same term twice, in the last batch

    with pytest.raises(RecordsError):
        directory.import_version(broken, label="", source="", in_force_from=DAY, at=MONDAY)

    assert count(engine) == before


def test_many_rows_go_in_batches(directory: DirectoryRecords, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BATCH", 3)
    people = [a_physician(n) for n in range(1, 11)]

    version = imported(directory, *people).version

    assert directory.find(version.id) == sorted(people, key=lambda one: one.npi)


def test_imports_at_once_get_numbers_of_their_own(directory: DirectoryRecords):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: imported(directory, a_physician(n)), range(1, 9)))

    assert sorted(one.version.id for one in made) == [f"2026-11-02-{n}" for n in range(1, 9)]


def test_what_is_no_physician_any_more_is_not_read_as_one(directory: DirectoryRecords, engine: Engine):
    version = imported(directory, a_physician(1)).version
    row = {"version": version.id, "npi": "1234567890", "physician": '{"npi": "1234567890"}'}
    with writing(engine) as connection:
        connection.execute(insert(DIRECTORY_PHYSICIANS), row)

    with pytest.raises(ValueError, match="validation errors for Physician"):
        directory.physician(version.id, "1234567890")


def test_the_report_of_an_import_is_kept_with_its_version(directory: DirectoryRecords):
    faults = [("line 3", "last", "is missing"), ("line 3", "NPI", "is no NPI"), ("line 9", "NPI", "comes twice")]
    refused = tuple(RefusedEntry(place=place, field=name, problem=why) for place, name, why in faults)
    report = ImportReport(kind="nppes", refused=refused, left_out={"organizations": 4})
    given: dict[str, Any] = {"label": "November", "source": "a.csv", "in_force_from": DAY, "at": MONDAY}

    version, _ = directory.import_version(prepare([a_physician(1)]), **given, report=report)
    again, is_new = directory.import_version(prepare([a_physician(1)]), **given, report=report)

    assert directory.report(version.id) == report
    assert report.places == 2
    assert directory.refused_places() == {version.id: 2}
    assert (again, is_new) == (version, False)


def test_of_a_version_without_a_report_nothing_is_said(directory: DirectoryRecords):
    version, _ = imported(directory, a_physician(1))

    assert directory.report(version.id) is None
    assert directory.refused_places() == {}


def test_one_of_several_organizations_is_enough(directory: DirectoryRecords):
    version, _ = imported(directory, a_physician(1), a_physician(2))
    names = [a.organization for a in a_physician(1).affiliations]

    assert len(directory.find(version.id, organizations=[*names, "no such group"])) == 2
    assert directory.find(version.id, organizations=["no such group"]) == []
