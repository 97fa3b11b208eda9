"""Physicians from a CSV in the layout in which NPPES publishes its data, with the plan's roster beside it.

The file is read row by row and may have any number of rows and further columns. The columns that are read are those of
the constants below, by the names that CMS gives them (NPPES Data Dissemination, code values included).
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from adapters.directoryfiles import Header, Problems, Report, a_day, csv_rows, made
from adapters.roster import Roster, RosterEntry, with_roster
from policy.directory import Licence, ListedSpecialty, Physician, PracticeLocation, is_npi
from policy.people import Address
from policy.taxonomy import A_PHYSICIAN, CODE, code_of, specialty_of

INDIVIDUAL, ORGANIZATION = "1", "2"
MOST_TAXONOMIES = 15
TYPE, DEACTIVATED, REACTIVATED = "Entity Type Code", "NPI Deactivation Date", "NPI Reactivation Date"
LAST, FIRST = "Provider Last Name (Legal Name)", "Provider First Name"
MIDDLE, SUFFIX = "Provider Middle Name", "Provider Name Suffix Text"
PLACE = "Provider Business Practice Location Address"
LINE1 = "Provider First Line Business Practice Location Address"
LINE2 = "Provider Second Line Business Practice Location Address"
CITY, STATE, ZIP = f"{PLACE} City Name", f"{PLACE} State Name", f"{PLACE} Postal Code"
COUNTRY, PHONE, FAX = f"{PLACE} Country Code (If outside U.S.)", f"{PLACE} Telephone Number", f"{PLACE} Fax Number"
TAXONOMY, PRIMARY = "Healthcare Provider Taxonomy Code_{}", "Healthcare Provider Primary Taxonomy Switch_{}"
NUMBER, NUMBER_STATE = "Provider License Number_{}", "Provider License Number State Code_{}"
FIRST_OF_EACH = tuple(column.format(1) for column in (TAXONOMY, NUMBER, NUMBER_STATE))
NEEDED = ("NPI", TYPE, LAST, FIRST, LINE1, CITY, STATE, ZIP, *FIRST_OF_EACH)
OF_EACH = (TAXONOMY, PRIMARY, NUMBER, NUMBER_STATE)
READ = (
    *(*NEEDED, DEACTIVATED, REACTIVATED, MIDDLE, SUFFIX, LINE2, COUNTRY, PHONE, FAX),
    *(column.format(i) for column in OF_EACH for i in range(1, MOST_TAXONOMIES + 1)),
)
ADDRESS_COLUMNS = {"line1": LINE1, "line2": LINE2, "city": CITY, "state": STATE, "postal_code": ZIP}


def read_nppes(path: Path, roster: Roster, report: Report) -> Iterator[Physician]:
    """The physicians of a file, one at a time; what is refused or left out goes into the report.

    Raises DirectoryFileError, at any row, for a file that cannot be read on.
    """
    rows, first_lines = csv_rows(path), dict[str, int]()
    header = Header(path, next(rows, (0, []))[1], needed=NEEDED, read=READ)
    for line, cells in rows:
        if not any(cells):
            continue
        problems: Problems = []
        row = header.row(cells, problems)
        if row.get(TYPE) == ORGANIZATION:
            report.left_out["organizations (entity type 2)"] += 1
            continue
        npi = row.get("NPI", "")
        if npi and first_lines.setdefault(npi, line) != line:
            problems.append(("NPI", f"stands in line {first_lines[npi]} already; keep one"))
        physician = _physician(row, roster, report, problems) if not problems else None
        if problems:
            report.refuse(f"line {line}", npi, problems)
        elif physician:
            yield physician
    _say_who_is_missing(roster, first_lines, report)


def _say_who_is_missing(roster: Roster, seen: dict[str, int], report: Report) -> None:
    for npi, line in roster.lines.items():
        if npi not in seen:
            report.refuse(f"roster line {line}", npi, [("npi", "has no row in the file of physicians; add one there")])


def _physician(row: dict[str, str], roster: Roster, report: Report, problems: Problems) -> Physician | None:
    npi = row.get("NPI", "")
    if not is_npi(npi):
        problems.append(("NPI", "is no NPI (ten digits, the last one a check digit); look it up in NPPES"))
        return None
    if _is_deactivated(row, problems):
        problems.append((DEACTIVATED, "says that the NPI is deactivated; take the row out"))
        return None
    if row.get(TYPE) != INDIVIDUAL:
        problems.append((TYPE, "is neither 1 (a person) nor 2 (an organization)"))
        return None
    if npi in roster.broken:
        problems.append(("(roster)", "a row of the roster with this NPI was refused; mend it there"))
        return None
    entry = roster.entries.get(npi, RosterEntry())
    specialties = _specialties(row, entry)
    if not specialties:
        _say_why_no_specialty(row, report, problems)
        return None
    listing = {
        "npi": npi,
        "name": _name(row, problems),
        "specialties": specialties,
        "licences": _licences(row, entry, problems),
        "locations": _locations(row, entry, problems),
    }
    return None if problems else with_roster(listing, entry, problems)


def _is_deactivated(row: dict[str, str], problems: Problems) -> bool:
    ended = a_day(row.get(DEACTIVATED, ""), DEACTIVATED, problems)
    again = a_day(row.get(REACTIVATED, ""), REACTIVATED, problems)
    return ended is not None and (again is None or again < ended)


def _name(row: dict[str, str], problems: Problems) -> str:
    problems += [(column, "is empty; give the legal name") for column in (LAST, FIRST) if not row.get(column)]
    words = " ".join(row[column] for column in (FIRST, MIDDLE, LAST, SUFFIX) if row.get(column))
    return f"Dr. {words.title() if words.isupper() else words}"


def _codes(row: dict[str, str]) -> list[tuple[str, bool]]:
    places = range(1, MOST_TAXONOMIES + 1)
    found = ((row.get(TAXONOMY.format(i), ""), row.get(PRIMARY.format(i), "") == "Y") for i in places)
    return [(code, primary) for code, primary in found if code]


def _specialties(row: dict[str, str], entry: RosterEntry) -> list[ListedSpecialty]:
    """Those of the codes that the table knows, and those that the roster names; each once."""
    given = [(specialty_of(code), code, primary) for code, primary in _codes(row)]
    given += [(name, code_of(name), False) for name in entry.specialties]
    by_name = {name: (code, primary) for name, code, primary in reversed(given) if name}
    return [ListedSpecialty(name=name, code=by_name[name][0], primary=by_name[name][1]) for name in reversed(by_name)]


def _say_why_no_specialty(row: dict[str, str], report: Report, problems: Problems) -> None:
    codes = [code for code, _ in _codes(row)]
    unknown = [code for code in codes if code.startswith(A_PHYSICIAN) or not re.fullmatch(CODE, code)]
    if codes and not unknown:
        report.left_out["not physicians, by their taxonomy codes"] += 1
        return
    shown = next((code for code in unknown if re.fullmatch(CODE, code)), "")
    why = f"{shown} is in no row of policy/editions/taxonomy.toml; add it, or name the specialty in the roster"
    problems.append((TAXONOMY.format(1), why if shown else "is no taxonomy code (as 207X00000X)"))


def _licences(row: dict[str, str], entry: RosterEntry, problems: Problems) -> list[Licence]:
    found: dict[tuple[str, str], Licence] = {}
    for i in range(1, MOST_TAXONOMIES + 1):
        number, state = row.get(NUMBER.format(i), ""), row.get(NUMBER_STATE.format(i), "").upper()
        if number and state and (state, number) not in found:
            columns = {"number": NUMBER.format(i), "state": NUMBER_STATE.format(i)}
            licence = made(Licence, problems, columns, state=state, number=number, expires=_expiry(row, entry, state))
            found |= {(state, number): licence} if licence else {}
    return list(found.values())


def _expiry(row: dict[str, str], entry: RosterEntry, state: str) -> date | None:
    """The roster's day is that of the licence of the state where the physician practises."""
    return entry.days.get("licence_expires") if state == row.get(STATE, "").upper() else None


def _locations(row: dict[str, str], entry: RosterEntry, problems: Problems) -> list[PracticeLocation]:
    if row.get(COUNTRY, "US") != "US":
        problems.append((COUNTRY, "lies outside the United States; give the place where members are seen"))
        return []
    problems += [(column, "is empty; give where members are seen") for column in (LINE1, CITY) if not row.get(column)]
    if not re.fullmatch("[A-Za-z]{2}", row.get(STATE, "")):
        problems.append((STATE, "is no state; give its two letters, as CA"))
    digits = re.sub(r"[^0-9]", "", row.get(ZIP, ""))
    if len(digits) not in (5, 9):
        problems.append((ZIP, "is no ZIP code; give its five or nine digits"))
    if problems:
        return []
    address = made(
        Address,
        problems,
        ADDRESS_COLUMNS,
        line1=row.get(LINE1, ""),
        line2=row.get(LINE2, ""),
        city=row.get(CITY, ""),
        state=row.get(STATE, "").upper(),
        postal_code=f"{digits[:5]}-{digits[5:]}" if len(digits) == 9 else digits,
    )
    if address is None:
        return []
    place = made(
        PracticeLocation,
        problems,
        {"phone": PHONE, "fax": FAX},
        address=address,
        phone=telephone(row.get(PHONE, "")),
        fax=telephone(row.get(FAX, "")),
        accepts_patients=entry.accepting,
    )
    return [place] if place else []


def telephone(text: str) -> str:
    """A number as people write it: 323-555-0101; what has not ten digits stays as it is."""
    digits = re.sub(r"[^0-9]", "", text)
    digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 else text
