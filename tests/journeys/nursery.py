"""The process that ``warm`` forks programs from: it has imported our modules, and waits on its standard input.

It is asked through a Unix socket, with one byte and five descriptors: a file that holds the words, the environment and
the folder as JSON; a pipe for the answer, which is the new process's id in a line and, when it has ended, its exit code
in another; and the new process's standard input, output and error. It ends when the socket is closed.

python -m tests.journeys.nursery
"""

import contextlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
from importlib import import_module
from typing import NoReturn

INHERITED = 5
# With what these import, nearly all.
MODULES = (
    *("cli.main", "cli.acting", "cli.candidates", "cli.delegated", "cli.directory", "cli.opening", "cli.reopening"),
    *("cli.serving", "cli.staff", "cli.taskcommands", "cli.worklists", "portal.app", "starter", "worker"),
)


def serve() -> None:
    """Forks what is asked for, and says how it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asks, who then stops what was started
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waking, waker = os.pipe()
    os.set_blocking(waking, False)
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    answers: dict[int, int] = {}
    with socket.socket(fileno=0) as asked:
        while True:
            ready, _, _ = select.select([asked.fileno(), waking], [], [])
            if waking in ready:
                os.read(waking, 4096)
                _tell_who_ended(answers)
            if asked.fileno() in ready:
                byte, given, _, _ = socket.recv_fds(asked, 1, INHERITED)
                if not byte:
                    return
                _fork(given, answers, [waking, waker])


def _fork(given: list[int], answers: dict[int, int], ours: list[int]) -> None:
    request, answer, *standard = given
    pid = os.fork()
    if not pid:
        for number in (*ours, answer, *answers.values()):
            os.close(number)
        _begin(request, standard)
    answers[pid] = answer
    for number in (request, *standard):
        os.close(number)
    _say(answer, pid)


def _tell_who_ended(answers: dict[int, int]) -> None:
    while answers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        _say(answers[pid], os.waitstatus_to_exitcode(status))
        os.close(answers.pop(pid))


def _say(answer: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # who asked does not care any more
        os.write(answer, f"{number}\n".encode())


def _begin(request: int, standard: list[int]) -> NoReturn:
    """The life of a forked process: what the interpreter does when it is started with these words."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with os.fdopen(request, encoding="utf-8") as file:
        asked = json.load(file)
    for number, given in enumerate(standard):  # 0 was the socket
        os.dup2(given, number)
        os.close(given)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", write_through=True)
    code = _ended(asked["words"])
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    os._exit(code)


def _ended(words: list[str]) -> int:
    try:
        _as_main(words)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BaseException as ended:  # noqa: BLE001 - as the interpreter does, by the hook that the program may have set
        sys.excepthook(type(ended), ended, ended.__traceback__)
        if isinstance(ended, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        return 1
    return 0


def _as_main(words: list[str]) -> None:
    file, *rest = words
    if file == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif file == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(file, run_name="__main__")


if __name__ == "__main__":
    for name in MODULES:
        import_module(name)
    serve()
