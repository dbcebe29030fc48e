"""Runs one Pulumi program in this process. Exit status: 0 for success, 32 for a failure that the engine has reported.

Any other status is a failure that nobody has reported yet. The language host starts this file with the program's own
Python, so it imports nothing but the SDK.
Usage: run_program.py SETTINGS_JSON PROGRAM [ARGUMENT]...   (configuration comes in PULUMI_CONFIG)
"""

import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt while the SDK loads then shows no traceback
sys.path.pop(0)  # removes this file's folder; the program's folder takes its place

import asyncio  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import queue  # noqa: E402
import runpy  # noqa: E402
import threading  # noqa: E402
import traceback  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from concurrent.futures import ThreadPoolExecutor  # noqa: E402
from contextlib import suppress  # noqa: E402
from pathlib import Path  # noqa: E402
from types import TracebackType  # noqa: E402

import grpc  # noqa: E402
import pulumi  # noqa: E402
import pulumi.runtime  # noqa: E402
from pulumi.runtime.proto import engine_pb2  # noqa: E402
from pulumi.runtime.settings import get_engine  # noqa: E402

SHOWN_ALREADY = 32
INTERRUPTED = 130
DEBUG_GRACE_SECONDS = 5.0
DEBUG_LINES_WAITING = 512
_MACHINERY = (__file__, runpy.__file__, "<frozen runpy>", str(Path(asyncio.__file__).parent))
_SDK = str(Path(pulumi.__file__).parent)


def run(settings: dict[str, object], program: str, arguments: list[str]) -> int:
    """Runs `program` (a folder with a `__main__.py`, or a file) to its end, and returns the exit status.

    settings: `monitor`, `engine`, `project`, `stack`, `organization`, `parallel`, `dry_run`, `root_directory`.
    """
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(pulumi.runtime.Settings(**settings))  # type: ignore[arg-type]  # as decoded
    finish_debug_lines = _send_debug_lines_in_background()
    sys.argv = [program, *arguments]
    path = Path(program)
    if not path.is_file() and not (path / "__main__.py").is_file():
        pulumi.log.error(
            f"There is no program to run at {program}: it is neither a file nor a folder with __main__.py."
        )
        return SHOWN_ALREADY
    if path.is_file():
        sys.path.insert(0, str(path.parent))
    # A failed deployment leaves unfinished futures behind; asyncio would report each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # Each resource operation blocks up to four threads of the SDK (register, invoke, log, outputs).
    parallel = settings["parallel"]
    threads = max(parallel, 1) * 4 if isinstance(parallel, int) else 4
    loop.set_default_executor(ThreadPoolExecutor(max_workers=threads))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _execute(program)))
        loop.run_until_complete(loop.shutdown_default_executor())
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return _report(error)
    finally:
        finish_debug_lines()
    return 0


def _send_debug_lines_in_background() -> Callable[[], None]:
    """Sends debug lines from another thread. Returns a function that waits until all of them are sent.

    The SDK sends the engine about four debug lines per resource, needed or not, and the program's own thread waits for
    each: a third of the time that a resource takes. The other thread sends the same lines in the same order.
    """
    engine = get_engine()
    if engine is None:
        return lambda: None
    # The queue is bounded: a program with thousands of resources takes twice as long when it never waits for its lines.
    send, waiting = engine.Log, queue.Queue[engine_pb2.LogRequest | None](maxsize=DEBUG_LINES_WAITING)

    def log(request: engine_pb2.LogRequest) -> None:
        (waiting.put if request.severity == engine_pb2.DEBUG else send)(request)

    def send_waiting() -> None:
        while (request := waiting.get()) is not None:
            with suppress(grpc.RpcError):  # the engine is gone; a thread that waits for room must not wait for ever
                send(request)

    def finish() -> None:
        waiting.put(None)
        worker.join(DEBUG_GRACE_SECONDS)

    worker = threading.Thread(target=send_waiting, daemon=True)
    worker.start()
    engine.Log = log
    return finish


def _execute(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def _report(error: Exception) -> int:
    if any("monitor shut down" in str(cause) for cause in _causes(error)):
        return SHOWN_ALREADY  # the engine stopped first and has reported why; this error only follows from that
    if isinstance(error, pulumi.RunError):
        pulumi.log.error(str(error))
    else:
        lines = traceback.format_exception(type(error), error, _from_program_on(error.__traceback__))
        pulumi.log.error("Program failed with an unhandled exception:\n" + "".join(lines))
    return SHOWN_ALREADY


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def _from_program_on(frames: TracebackType | None) -> TracebackType | None:
    """Returns the traceback from the program's first frame on; the whole traceback when the program has no frame."""
    frame = frames
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith((*_MACHINERY, _SDK)):
        frame = frame.tb_next
    return frame or frames


if __name__ == "__main__":
    status = 1
    try:
        status = run(json.loads(sys.argv[1]), sys.argv[2], sys.argv[3:])
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    sys.exit(status)
