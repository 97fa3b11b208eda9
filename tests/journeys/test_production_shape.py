"""docker-compose.yml without Docker: its own words and variables, as processes, with PostgreSQL and a named cluster."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.builders import CASE_MANAGER, a_professional, a_report, plan_physician
from tests.journeys.conftest import EXAMPLES, House
from tests.ports import free_port
from tests.production import ROOT, environment_of, services
from tests.records import postgres

pytestmark = [pytest.mark.server, pytest.mark.skipif(not postgres.is_possible(), reason="no PostgreSQL")]

COMPOSE = services((ROOT / "docker-compose.yml").read_text(encoding="utf-8"), MAIL_FROM="")
MAIN = "from cli.main import main; main()"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """PostgreSQL as deploy/postgres-init.sh prepares it; the folder of its socket."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("postgres_password", "records_password", "temporal_password", "oidc_client_secret"):
        (secrets / name).write_text(f"{name}/@:1\n", encoding="utf-8")
    with postgres.running() as url:
        folder = url.rpartition("=")[2]
        programs = next(iter(postgres._bin_folders()))
        environment = {"SECRETS": str(secrets), "PGHOST": folder, "PATH": f"{programs}:{os.environ['PATH']}"}
        subprocess.run(["sh", ROOT / "deploy" / "postgres-init.sh"], env=environment, check=True, capture_output=True)
        yield folder


class Composed:
    """The services of docker-compose.yml as processes: same words, same variables, other hosts and folders."""

    def __init__(self, house: House, tmp_path: Path, database: str) -> None:
        self.house, self.tmp_path = house, tmp_path
        self.ports = {"9464": free_port(), "8080": free_port()}
        cluster = f"127.0.0.1:{house.environment['SECOND_OPINION_GRPC_PORT']}"
        self.places = {
            "temporal:7233": cluster,
            "@postgres:5432/second_opinion": f"@/second_opinion?host={database}",
            "/run/secrets/": f"{tmp_path}/secrets/",
            "0.0.0.0:9464": f"127.0.0.1:{self.ports['9464']}",
        }
        self.folders = ("/data", "/keys", "/anchors", "/plan-keys/plan-keys.json")

    def variables(self, name: str) -> dict[str, str]:
        found = {}
        for variable, value in environment_of(COMPOSE[name]).items():
            for written, here in self.places.items():
                value = value.replace(written, here)
            found[variable] = f"{self.tmp_path}{value}" if value in self.folders else value
        if name == "portal":
            found |= {"SECOND_OPINION_PORTAL_PORT": str(self.ports["8080"])}
        if name == "letters":  # two workers of one machine cannot show their numbers at one port
            found |= {"SECOND_OPINION_WORKER_METRICS": f"127.0.0.1:{free_port()}"}
        return found

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """The command of a service that ends, or another one in its environment."""
        given = words or tuple(COMPOSE[name]["command"][1:])
        return self.house.run(*given, **self.variables(name))

    def check(self, name: str) -> subprocess.CompletedProcess[str]:
        """What compose asks a service, to know whether it lives."""
        return self.run(name, *COMPOSE[name]["healthcheck"]["test"][2:])

    def start(self, name: str, until: str) -> None:
        """A service that stays."""
        common = dict(self.house.environment)
        self.house.environment |= self.variables(name)
        self.house.start("-c", MAIN, *COMPOSE[name]["command"][1:], until=until)
        self.house.environment = common


def test_the_services_of_the_compose_file_carry_a_case_from_intake_to_its_cabinet(
    house: House, database: str, tmp_path: Path
):
    composed = Composed(house, tmp_path, database)
    unprepared = composed.run("namespace", "namespace", "--within", "0.5")
    house.start_server()  # stands for the cluster: nobody below knows its home

    # ... in the order of compose
    migrated, migrated_again = composed.run("migrate"), composed.run("migrate", "migrate", "--json")
    named, named_again = composed.run("namespace"), composed.run("namespace")
    without_key = composed.run("cases", "list")
    made = composed.run("operator", "keys", "rotate", "--plan")
    dead = composed.check("cases")
    composed.start("cases", until="Working on second-opinion-cases")
    composed.start("letters", until="Working on second-opinion-letters")
    composed.start("portal", until="Portal")
    alive = [composed.check("cases"), composed.check("portal")]
    with urllib.request.urlopen(f"http://127.0.0.1:{composed.ports['8080']}/readyz", timeout=10) as answer:
        ready = answer.status

    # ... and a case
    house.environment |= composed.variables("operator")
    opened = house.answer("open", str(EXAMPLES / "12-waits-for-the-physician.json"))
    case = opened["opened"][0]["case_number"]
    house.until_there(case)
    physician = a_professional("1992999882", specialty="endocrinology", organization="Plan Specialists")
    acts = [
        house.act(case, "confirm_completeness", CASE_MANAGER.id),
        house.act(case, "determine", "md.chen", outcome="approved", rationale="Reason R1 applies."),
        house.act(
            case, "place_opinion", CASE_MANAGER.id, **plan_physician(professional=physician.model_dump(mode="json"))
        ),
        house.act(case, "receive_report", CASE_MANAGER.id, **a_report()),
    ]
    house.call(case)
    closed = house.until(case, stage="closed", outcome="approved")
    chain, cabinet = house.run("audit", "verify"), house.run("cabinet", "verify")
    saved = house.answer("backup", "--to", str(tmp_path / "backup"))
    with psycopg.connect(host=database, user="second_opinion", dbname="second_opinion") as connection:
        rows = connection.execute("SELECT count(*) FROM cases").fetchone()

    assert (unprepared.returncode, "No Temporal server answers" in unprepared.stderr) == (3, True)
    assert migrated.returncode == 0, migrated.stderr
    before = json.loads(migrated_again.stdout)
    assert before["before"] == before["now"]
    assert (named.returncode, "made now" in named.stdout) == (0, True), named.stderr
    assert "was there, and kept 90 days" in named_again.stdout
    assert without_key.returncode == 0
    assert made.returncode == 0, made.stderr
    assert (dead.returncode, [check.returncode for check in alive], ready) == (1, [0, 0], 200)
    assert [act.returncode for act in acts] == [0, 0, 0, 0], [act.stderr for act in acts]
    assert closed["case"]["stage"] == "closed"
    assert (chain.returncode, cabinet.returncode) == (0, 0), chain.stdout + cabinet.stdout
    assert [line.split(":")[0] for line in saved["elsewhere"]] == ["The records", "Temporal's database"]
    assert rows == (1,)
    assert [file for file in (tmp_path / "data" / "cabinet").rglob("*.pdf") if case in str(file)]
