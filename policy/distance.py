"""About how many miles lie between two places, by their ZIP codes or by the place itself. Policy 90.2.17, P6.a, P6.b.

Straight miles, from the middle of the member's ZIP code: an orientation for people, not the way by road, and no
measure of a time-and-distance standard.
"""

import tomllib
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

EARTH_MILES = 3958.8  # mean radius (IUGG: 6,371.0 km)


class Point(NamedTuple):
    """A place on earth, in degrees."""

    latitude: float
    longitude: float


def middle_of(postal_code: str) -> Point | None:
    """The middle of a ZIP code's area (90012, or 90012-1234); None for one that the table lacks."""
    return CENTROIDS.get(postal_code.strip()[:5])


def miles_between(one: Point, other: Point) -> float:
    """The great circle between two places (haversine), in miles, to a tenth."""
    lat, other_lat = radians(one.latitude), radians(other.latitude)
    across = sin((other_lat - lat) / 2) ** 2
    along = sin(radians(other.longitude - one.longitude) / 2) ** 2
    return round(2 * EARTH_MILES * asin(min(1.0, sqrt(across + cos(lat) * cos(other_lat) * along))), 1)


def _read() -> dict[str, Point]:
    table = tomllib.loads(files("policy").joinpath("editions/zip-centroids.toml").read_text(encoding="utf-8"))
    return {code: Point(*place) for part in ("found", "memory") for code, place in table[part].items()}


CENTROIDS = _read()
