"""What is wrong with the production files, in sentences: each thing they name is held against the code."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from cyclopts import CycloptsError
from sqlalchemy import make_url

from cli.main import app
from wiring.settings import FROM_FILE, PREFIX, SECRETS, Settings
from workflows import QUEUES

ROOT = Path(__file__).parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?+])([^}]*))?\}")
PINNED = re.compile(r"[\w./-]+:v?\d+(\.\d+)+[\w.-]*(@sha256:[0-9a-f]{64})?")
SECRETIVE = re.compile(r"PASSWORD|SECRET|PWD|_KEY$|TOKEN|CREDENTIAL")
SECRET_PLACE = "/run/secrets/"
GRPC, POSTGRESQL, UI = 7233, 5432, 8080
ONCE = ("on-failure:5", "no")
Service = dict[str, Any]
EXAMPLE = dict(
    re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / "deploy" / "example.env").read_text(encoding="utf-8"), re.MULTILINE)
)


def given(part: Any, **values: str) -> Any:
    """A part of docker-compose.yml with its variables: given, else their defaults. As compose does, after parsing."""
    if isinstance(part, dict):
        return {name: given(value, **values) for name, value in part.items()}
    if isinstance(part, list):
        return [given(value, **values) for value in part]

    def value(found: re.Match[str]) -> str:
        name, how, other = found.groups()
        is_given = bool(values.get(name))
        if how == "+":
            return str(other) if is_given else ""
        return values[name] if is_given else str(other if how == "-" else "")

    return VARIABLE.sub(value, part) if isinstance(part, str) else part


def variables(text: str) -> set[str]:
    return {name for name, _, _ in VARIABLE.findall(re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE))}


def services(compose: str, **values: str) -> dict[str, Service]:
    found: dict[str, Service] = given(yaml.safe_load(compose), **{**EXAMPLE, **values})["services"]
    return found


def environment_of(service: Service) -> dict[str, str]:
    return {name: str(value) for name, value in service.get("environment", {}).items()}


def complaints(compose: str, dockerfile: str) -> list[str]:
    """All that is wrong with the two files."""
    whole = given(yaml.safe_load(compose), **EXAMPLE)
    found = [
        f"{name}: {trouble}"
        for name, service in whole["services"].items()
        for look in (_image, _hardened, _limits, _health, _command, _environment, _secrets, _ports, _mounts)
        for trouble in look(service)
    ]
    return [
        *found,
        *_declared(whole),
        *_order(whole["services"]),
        *_queues(whole["services"]),
        *_dockerfile(dockerfile),
    ]


def _image(service: Service) -> Iterator[str]:
    image = service.get("image", "")
    if not PINNED.fullmatch(image):
        yield f"the image {image!r} is not pinned"
    if "build" in service and image.rpartition(":")[2] != VERSION:
        yield f"the image {image!r} is not of version {VERSION}"


def _hardened(service: Service) -> Iterator[str]:
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", str(service.get("user", ""))):
        yield "it does not say which user, not root, it runs as"
    if service.get("read_only") is not True:
        yield "its file system can be written"
    if service.get("cap_drop") != ["ALL"]:
        yield "it keeps capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "it may gain privileges"
    if service.get("privileged") or service.get("cap_add"):
        yield "it is given privileges"
    if not service.get("logging", {}).get("options", {}).get("max-size"):
        yield "its log has no limit"


def _limits(service: Service) -> Iterator[str]:
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    if missing := {"cpus", "memory", "pids"} - limits.keys():
        yield f"it has no limit of {', '.join(sorted(missing))}"


def _health(service: Service) -> Iterator[str]:
    once = service.get("restart") in ONCE
    if service.get("restart") not in ("unless-stopped", *ONCE):
        yield "it does not say when it is started again"
    if not once and not service.get("healthcheck", {}).get("test"):
        yield "nobody asks whether it lives"


def _command(service: Service) -> Iterator[str]:
    for words in (service.get("command", []), service.get("healthcheck", {}).get("test", [])[1:]):
        if words and words[0] == "second-opinion":
            yield from unknown_command([str(word) for word in words[1:]])


def unknown_command(words: list[str]) -> Iterator[str]:
    """What is wrong with a command of ours; it is not run."""
    try:
        app.parse_args(words, exit_on_error=False, print_error=False)
    except CycloptsError as trouble:
        yield f"second-opinion {' '.join(words)}: {type(trouble).__name__}"


def _environment(service: Service) -> Iterator[str]:
    given_to = environment_of(service)
    for name, value in given_to.items():
        setting = name.removeprefix(PREFIX).removesuffix(FROM_FILE).lower()
        is_file = name.endswith(FROM_FILE) and setting in SECRETS
        if name.startswith(PREFIX) and not is_file and name.removeprefix(PREFIX).lower() not in Settings.model_fields:
            yield f"{name} is no setting"
        if is_file and value and not value.startswith(SECRET_PLACE):
            yield f"{name} names no secret"
        if SECRETIVE.search(name) and not value.startswith("/") and value not in ("", "true", "false"):
            yield f"{name} is a secret in clear"
        if re.search(r"://[^/@:]+:[^/@]+@", value):
            yield f"{name} holds a password in clear"
    yield from _values(given_to)
    if given_to.get("TEMPORAL_ADDRESS", f"temporal:{GRPC}") != f"temporal:{GRPC}":
        yield "TEMPORAL_ADDRESS is not where Temporal listens"


def _values(given_to: dict[str, str]) -> Iterator[str]:
    ours = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in given_to.items()
        if name.removeprefix(PREFIX).lower() in Settings.model_fields and value
    }
    try:
        settings = Settings.model_validate(ours)
    except ValueError as trouble:
        yield f"a setting is not taken: {trouble}"
        return
    if settings.database_url:
        url = make_url(settings.database_url)
        if (url.host, url.port, url.username) != ("postgres", POSTGRESQL, url.database):
            yield "the URL of the records does not lead to postgres"


def _secrets(service: Service) -> Iterator[str]:
    named = {value.removeprefix(SECRET_PLACE) for value in environment_of(service).values() if SECRET_PLACE in value}
    text = "".join(
        (ROOT / mount.split(":")[0]).read_text(encoding="utf-8")
        for mount in service.get("volumes", [])
        if mount.startswith("./deploy/")
    )
    named |= set(re.findall(rf"{SECRET_PLACE}(\w+)", text)) | set(re.findall(r"\$secrets/(\w+)", text))
    if named != set(service.get("secrets", [])):
        yield f"it is given the secrets {sorted(service.get('secrets', []))}, and reads {sorted(named)}"


def _ports(service: Service) -> Iterator[str]:
    listens = {int(environment_of(service).get(f"{PREFIX}PORTAL_PORT", UI))}
    for published in service.get("ports", []):
        host, _, target = published.rpartition(":")
        if not host.startswith("127.0.0.1:"):
            yield f"it is published beyond this machine: {published}"
        if int(target) not in listens:
            yield f"nobody listens at {target}"
        if int(host.rpartition(":")[2]) not in {Settings.model_fields[f].default for f in ("portal_port", "ui_port")}:
            yield f"{published} is not a port that the documents name"


def _mounts(service: Service) -> Iterator[str]:
    for mount in service.get("volumes", []):
        if mount.startswith("./deploy/") and not (ROOT / mount.split(":")[0]).is_file():
            yield f"{mount} is not there"
    for word in service.get("entrypoint", []):
        if word.startswith("/deploy/") and not any(f":{word}:ro" in mount for mount in service.get("volumes", [])):
            yield f"{word} is not mounted"


def _declared(whole: dict[str, Any]) -> Iterator[str]:
    used: dict[str, set[str]] = {"secrets": set(), "networks": set(), "volumes": set()}
    for service in whole["services"].values():
        used["secrets"] |= set(service.get("secrets", []))
        used["networks"] |= set(service.get("networks", []))
        used["volumes"] |= {mount.split(":")[0] for mount in service.get("volumes", []) if mount[0] not in "./"}
    for kind, names in used.items():
        for name in sorted(names ^ set(whole[kind])):
            yield f"{kind}: {name} is declared and not used, or used and not declared"
    for name, network in whole["networks"].items():
        if name != "outside" and not network.get("internal"):
            yield f"networks: {name} leads outside"
    for name, service in whole["services"].items():
        if service.get("ports") and "outside" not in service.get("networks", []):
            yield f"{name}: its port cannot be reached"


def _order(all_of_them: dict[str, Service]) -> Iterator[str]:
    for name, service in all_of_them.items():
        for other, how in service.get("depends_on", {}).items():
            target, condition = all_of_them.get(other), how["condition"]
            if target is None:
                yield f"{name}: waits for {other}, which is not there"
            elif (condition == "service_completed_successfully") != (target["restart"] in ONCE):
                yield f"{name}: waits for {other} in vain"


def _queues(all_of_them: dict[str, Service]) -> Iterator[str]:
    served = [s["command"][-1] for s in all_of_them.values() if s.get("command", [])[1:3] == ["worker", "--queue"]]
    if sorted(served) != sorted(QUEUES):
        yield f"workers serve {served}, and there are the queues {sorted(QUEUES)}"


def _dockerfile(text: str) -> Iterator[str]:
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)
    base = re.search(r"^ARG BASE=(\S+)$", stages[0], re.MULTILINE)
    if not base or not PINNED.fullmatch(base[1]):
        yield "Dockerfile: its base is not pinned"
    for stage in stages[1:]:
        yield from _stage(stage.split()[2], stage)
    if "--constraint constraints.txt" not in text:
        yield "Dockerfile: what is installed is not held to constraints.txt"
    for setting in re.findall(rf"{PREFIX}(\w+)=", text):
        if setting.lower() not in Settings.model_fields:
            yield f"Dockerfile: {PREFIX}{setting} is no setting"


def _stage(name: str, stage: str) -> Iterator[str]:
    if not stage.startswith("${BASE} AS "):
        yield f"Dockerfile: the stage {name} has another base"
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", stage, re.MULTILINE):
        yield from (f"Dockerfile: {word} is not there" for word in line.split() if not (ROOT / word).exists())
    if name != "built":
        yield from _final(name, stage)


def _final(name: str, stage: str) -> Iterator[str]:
    users = re.findall(r"^USER (\S+)$", stage, re.MULTILINE)
    if not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
        yield f"Dockerfile: {name} runs as root"
    if "pip uninstall --yes pip" not in stage or re.search(r"build-essential|\bgcc\b", stage):
        yield f"Dockerfile: {name} has build tools in it"
    if f'org.opencontainers.image.version="{VERSION}"' not in stage:
        yield f"Dockerfile: {name} is not labelled with version {VERSION}"
    if name == "app":
        checked = re.search(r"^HEALTHCHECK .*CMD (\[.+\])$", stage, re.MULTILINE)
        if not checked:
            yield "Dockerfile: nobody asks whether it lives"
        for words in re.findall(r"CMD (\[.+\])$", stage, re.MULTILINE):
            yield from unknown_command([shlex.split(word)[0] for word in yaml.safe_load(words)[1:]])
