"""A file of a FHIR directory as resources that can be looked up by what refers to them. See ``plannet``."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters.directoryfiles import UTF16, DirectoryFileError, Report, unreadable
from adapters.fhirparts import KINDS, Resource, codings, items, references

NETWORK_TYPE = "ntwk"  # the type of an Organization that is a network, in Plan-Net's own codes
LARGEST = 1_000_000_000  # bytes


class PlanNetFile:
    """The resources of a file by ``Kind/id``, and the roles by the Practitioner they name."""

    def __init__(self, path: Path, report: Report) -> None:
        self.resources: dict[str, Resource] = {}
        self.roles: dict[str, list[str]] = {}
        self._aliases: dict[str, str] = {}
        for place, url, resource in _resources(path):
            self._take_in(place, url, resource, report)
        for key, resource in self.resources.items():
            if key.startswith("PractitionerRole/"):
                practitioner = self.key(next(references(resource, "practitioner"), ""))
                if practitioner not in self.resources:
                    report.refuse(key, "", [("practitioner", "names no Practitioner of this file; add it")])
                self.roles.setdefault(practitioner, []).append(key)
        self.affiliated = self._affiliated()

    def _take_in(self, place: str, url: str, resource: Resource, report: Report) -> None:
        kind, given = resource.get("resourceType"), resource.get("id")
        if kind not in KINDS:
            report.left_out["resources of kinds that are not read"] += 1
            return
        key = f"{kind}/{given}" if isinstance(given, str) and given else ""
        if not key:
            report.refuse(place, "", [("id", f"is missing from a {kind}; every resource needs one")])
        elif key in self.resources:
            report.refuse(place, "", [("id", f"stands twice among the {kind} resources; keep one")])
        else:
            self.resources[key] = resource
            self._aliases |= {url: key} if url else {}

    def key(self, reference: str) -> str:
        """``Kind/id`` of what is referred to: relative, absolute, or by the fullUrl of its entry."""
        reference = reference.split("/_history/")[0]
        return self._aliases.get(reference) or "/".join(reference.split("/")[-2:])

    def named(self, resource: Resource, field: str) -> list[tuple[str, Resource]]:
        """What a field refers to and this file has."""
        keys = (self.key(reference) for reference in references(resource, field))
        return [(key, self.resources[key]) for key in keys if key in self.resources]

    def is_network(self, key: str) -> bool:
        """Whether an Organization is a network."""
        return NETWORK_TYPE in {code for _, code in codings(self.resources.get(key, {}), "type")}

    def _affiliated(self) -> dict[str, list[Resource]]:
        """The OrganizationAffiliations that put a group into a network, by the group."""
        found: dict[str, list[Resource]] = {}
        for key, resource in self.resources.items():
            if key.startswith("OrganizationAffiliation/") and resource.get("active") is not False:
                named = (*references(resource, "network"), *references(resource, "organization"))
                if any(self.is_network(self.key(reference)) for reference in named):
                    for reference in references(resource, "participatingOrganization"):
                        found.setdefault(self.key(reference), []).append(resource)
        return found


def _resources(path: Path) -> Iterator[tuple[str, str, Resource]]:
    """Each resource with where it stands and its fullUrl."""
    text = _text(path)
    try:
        if '"Bundle"' in text[:2000] or not text.lstrip().startswith("{"):
            yield from _of_bundle(path, json.loads(text))
            return
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                resource = json.loads(line)
                yield f"line {number}", "", resource if isinstance(resource, dict) else {}
    except RecursionError:
        raise DirectoryFileError(f"{path.name} is nested too deeply to be a directory.") from None
    except ValueError as trouble:
        where = getattr(trouble, "lineno", 1)
        raise DirectoryFileError(f"{path.name} is not JSON at line {where}; export the directory again.") from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise DirectoryFileError(f"{path.name} is larger than 1 GB; export the directory in parts.")
        data = path.read_bytes()
    except OSError as trouble:
        raise unreadable(path, trouble) from None
    try:
        if data.startswith(UTF16):
            raise DirectoryFileError(f"{path.name} is UTF-16; FHIR is UTF-8: export the directory again.")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DirectoryFileError(f"{path.name} is not UTF-8; export the directory again.") from None


def _of_bundle(path: Path, bundle: Any) -> Iterator[tuple[str, str, Resource]]:  # noqa: ANN401 - JSON
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise DirectoryFileError(f"{path.name} is no FHIR Bundle; export the directory as a Bundle or line by line.")
    for number, entry in enumerate(items(bundle, "entry"), 1):
        url, resource = entry.get("fullUrl"), entry.get("resource")
        yield f"entry {number}", url if isinstance(url, str) else "", resource if isinstance(resource, dict) else {}
