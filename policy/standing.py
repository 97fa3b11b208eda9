"""Where a physician of the directory stands for a request on a day: rung, specialty, certificate, licence, distance.

Policy 90.2.17, P6.a and P6.b. What the directory says is read off it here; whether it suffices is decided elsewhere.
"""

from datetime import date

from policy.clauses import Clause
from policy.directory import Affiliation, Licence, Physician, PracticeLocation
from policy.distance import Point, middle_of, miles_between
from policy.eligibility import SpecialtyLikeness, likeness
from policy.listing import ListedResult, ListedTest
from policy.people import Address, Professional
from policy.request import Item, Request
from policy.routing import LADDER, Candidate, Tier
from policy.taxonomy import certifies, spelt
from policy.verdict import Value

EXCLUSION = "42 CFR 1001.1901"  # no federal program pays for what an excluded physician does
NEAR = (SpecialtyLikeness.SAME, SpecialtyLikeness.EQUIVALENT)  # in this order


class Standing(Value):
    """A physician as the ladder wants one, and what the directory's own tests and silences are."""

    candidate: Candidate
    tests: tuple[ListedResult, ...]
    distance: str
    silences: tuple[str, ...]


def standing_of(physician: Physician, request: Request, day: date) -> Standing:
    """Where a physician stands for a request on a day (Los Angeles)."""
    origin = home_of(request)
    tier, organization = tier_of(physician, request, day)
    place, miles = _nearest(physician, origin)
    specialty = _closest_specialty(physician, request)
    licences = _licences(physician, place)
    professional = Professional(
        npi=physician.npi,
        name=physician.name,
        specialty=specialty,
        organization=organization,
        address=place.address if place else None,
        phone=place.phone if place else "",
        fax=place.fax if place else "",
    )
    candidate = Candidate(
        professional=professional,
        tier=tier,
        board_certified=any(c.holds_on(day) and certifies(c.specialty, specialty) for c in physician.certifications),
        licence=next((x.number for x in sorted(licences, key=lambda x: not x.holds_on(day))), ""),
        languages=physician.languages,
        distance_miles=miles,
        accepts_patients=place is None or place.accepts_patients is not False,
    )
    tests = (_listed(physician, day), _licensed(licences, place, day), _not_excluded(physician, day))
    return Standing(
        candidate=candidate,
        tests=tests,
        distance=_in_words(place, miles, origin_is_known=origin is not None),
        silences=_silences(place),
    )


def comes_into_question(physician: Physician, request: Request) -> bool:
    """Whether a physician is of the specialty or of an equivalent one, or whom the member designated."""
    designated = request.designated_professional
    wanted = designated is not None and designated.npi == physician.npi
    return wanted or any(likeness(s.name, request.specialty) in NEAR for s in physician.specialties)


def tier_of(physician: Physician, request: Request, day: date) -> tuple[Tier, str]:
    """The nearest rung on which a physician stands on a day, and the organization by which it is so.

    The rung after the organization's own has every physician whom the plan has in its network, by a contract of their
    own or through another group.
    """
    own = request.treating_provider.organization or request.pcp.organization
    in_force = [a for a in physician.affiliations if a.holds_on(day)]
    nearest, wider = LADDER[request.care][:2]
    if own and any(spelt(a.organization) == spelt(own) for a in in_force):
        return nearest, own
    by = sorted((a for a in in_force if a.contracted or a.in_network), key=_contracted_first)
    if by:
        return wider, by[0].organization
    return Tier.OUT_OF_NETWORK, next((a.organization for a in in_force), "")


def address_of(request: Request) -> Address | None:
    """Where the member lives or wants to be reached: what was said in confidence stands in the place of all else."""
    member = request.member
    given = (i.address for i in request.information if i.item is Item.MEMBER_ADDRESS)
    confidential = member.confidential.address if member.confidential else None
    return confidential or member.address or next(filter(None, given), None)


def home_of(request: Request) -> Point | None:
    """The middle of the member's ZIP code; None where it is not on record or not in the table."""
    address = address_of(request)
    return middle_of(address.postal_code) if address else None


def miles_from(physician: Physician, point: Point) -> float | None:
    """How far the nearest place is where the physician sees members; None where no distance is known."""
    return _nearest(physician, point)[1]


def _closest_specialty(physician: Physician, request: Request) -> str:
    for like in NEAR:
        for specialty in physician.specialties:
            if likeness(specialty.name, request.specialty) is like:
                return specialty.name
    return physician.specialty


def _contracted_first(affiliation: Affiliation) -> tuple[bool, str]:
    return not affiliation.contracted, affiliation.organization


# -- the directory's own tests


def _listed(physician: Physician, day: date) -> ListedResult:
    words = (("from", physician.since), ("until", physician.until))
    days = " ".join(f"{word} {limit}" for word, limit in words if limit)
    passed = physician.holds_on(day)
    reason = "" if passed else f"the directory lists the physician only {days}"
    return ListedResult(test=ListedTest.IN_FORCE, passed=passed, reason=reason, clause=Clause.PUR)


def _licences(physician: Physician, place: PracticeLocation | None) -> list[Licence]:
    """Those that count: of the state where the physician practises."""
    return [x for x in physician.licences if place is None or x.state == place.address.state]


def _licensed(licences: list[Licence], place: PracticeLocation | None, day: date) -> ListedResult:
    passed, reason = any(x.holds_on(day) for x in licences), ""
    if not licences:
        reason = f"the directory has no licence{f' of {place.address.state}' if place else ''}"
    elif not passed:
        reason = f"the licence ended on {max(x.expires for x in licences if x.expires)}"
    elif not any(x.expires and x.holds_on(day) for x in licences):
        reason = "the last day of the licence is not on record"
    return ListedResult(test=ListedTest.LICENCE_IN_FORCE, passed=passed, reason=reason, clause=Clause.PUR)


def _not_excluded(physician: Physician, day: date) -> ListedResult:
    since = physician.excluded_since
    passed = since is None or day < since
    reason = f"the physician is excluded from federal programs from {since} on" if since else ""
    return ListedResult(test=ListedTest.NOT_EXCLUDED, passed=passed, reason=reason, clause=EXCLUSION)


# -- distance


def _nearest(physician: Physician, origin: Point | None) -> tuple[PracticeLocation | None, float | None]:
    """The location that counts: one that accepts patients before one that does not, then the nearest."""
    found = [(place, _miles(place, origin)) for place in physician.locations]
    found.sort(key=lambda pair: (pair[0].accepts_patients is False, float("inf") if pair[1] is None else pair[1]))
    return found[0] if found else (None, None)


def _miles(place: PracticeLocation, origin: Point | None) -> float | None:
    known = place.latitude is not None and place.longitude is not None
    point = Point(place.latitude or 0, place.longitude or 0) if known else middle_of(place.address.postal_code)
    return miles_between(origin, point) if origin and point else None


def _in_words(place: PracticeLocation | None, miles: float | None, *, origin_is_known: bool) -> str:
    if miles is not None:
        return f"about {miles:g} miles" if miles >= 1 else "under a mile"
    if place is None:
        return "distance unknown: no address on record"
    if not origin_is_known:
        return "distance unknown: where the member lives is not known"
    return f"distance unknown: ZIP code {place.address.postal_code[:5]} is not in the table"


def _silences(place: PracticeLocation | None) -> tuple[str, ...]:
    if place is None:
        return ("No address is on record; ask before the placement.",)
    if place.accepts_patients is None:
        return ("Whether patients are accepted is not on record; ask the office.",)
    return ()
