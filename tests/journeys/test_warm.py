"""Programs that start warm end, speak and are stopped as those that start cold."""

import os
import signal
import subprocess
import sys
from threading import Thread

import pytest

from tests.journeys import warm

ALONE = {"PATH": os.environ["PATH"], "LC_CTYPE": "C.UTF-8"}


def cold(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=warm.ROOT, env=ALONE, input=stdin, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "words",
    [
        ("-c", "print('said')"),
        ("-c", "import sys; sys.stderr.write('complained'); sys.exit(3)"),
        ("-c", "raise SystemExit('It ended.')"),
        ("-c", "import os; print('half a line', end='', flush=True); os._exit(4)"),
        ("-c", "import sys; print(sys.stdin.read(), sys.argv[1:], sys.stdout.isatty())", "two", "words"),
        ("-c", "import os; print(sorted(os.environ), os.getcwd())"),
        ("-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
        ("-c", "import sys; sys.excepthook = lambda kind, *_: sys.stderr.write(kind.__name__); 1 / 0"),
        ("-c", "from cli.main import main; main()", "nonsense"),
        ("-c", "from cli.main import main; main()", "actions"),
        ("-m", "json.tool", "--no-ensure-ascii", "--compact", "pyproject.toml"),
        ("starter.py", "--help"),
        ("worker.py", "--queue", "nonsense"),
    ],
)
def test_a_warm_program_answers_like_a_cold_one(words):
    as_always = cold(*words, stdin="given")

    ended = warm.run(words, ALONE, stdin="given")

    assert (ended.returncode, ended.stdout, ended.stderr) == (as_always.returncode, as_always.stdout, as_always.stderr)


def test_a_program_is_interrupted_stopped_and_waited_for():
    waits = "import time; print('here', flush=True); time.sleep(600)"
    codes = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = warm.start(("-c", waits), ALONE)
        assert process.stdout is not None
        said = process.stdout.readline()
        running = process.poll()
        process.send_signal(number)
        codes[number] = (said, running, process.wait(timeout=60))
        process.stdout.close()

    assert codes == {number: ("here\n", None, -number) for number in codes}


def test_who_waits_too_long_is_told():
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(("-c", "import time; time.sleep(600)"), ALONE, timeout=0.2)


def test_programs_run_at_once_each_with_a_process_of_its_own():
    said: list[str] = []
    run = "import os; print(os.getpid())"
    threads = [Thread(target=lambda: said.append(warm.run(("-c", run), ALONE).stdout)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({*said}) == 8


def test_what_is_forked_from_has_one_thread():
    counted = warm.run(("-c", "import os; print(len(os.listdir(f'/proc/{os.getppid()}/task')))"), ALONE)

    assert counted.stdout == "1\n", "a module that starts a thread when it is imported must not be imported there"
