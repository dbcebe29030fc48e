"""Runs one Pulumi program in this process, then exits: 0 done, 32 failed and the engine was told why, else failed.

Started by the language host as a file, with the program's own Python, so it imports nothing but the SDK.
Usage: run_program.py SETTINGS_JSON PROGRAM [ARGUMENT]...   (configuration comes in PULUMI_CONFIG)
"""

import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt while the SDK loads ends quietly, without a traceback
sys.path.pop(0)  # this file's folder; the program's own takes its place

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
    """Run `program` (a folder with a `__main__.py`, or a file) to its end; the result is the exit status.

    settings: `monitor`, `engine`, `project`, `stack`, `organization`, `parallel`, `dry_run`, `root_directory`.
    """
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(pulumi.runtime.Settings(**settings))  # type: ignore[arg-type]  # as decoded
    finish_debug_lines = _send_debug_lines_aside()
    sys.argv = [program, *arguments]
    path = Path(program)
    if not path.is_file() and not (path / "__main__.py").is_file():
        pulumi.log.error(
            f"There is no program to run at {program}: it is neither a file nor a folder with __main__.py."
        )
        return SHOWN_ALREADY
    if path.is_file():
        sys.path.insert(0, str(path.parent))
    # Left-over futures are how a failed deployment looks from inside; asyncio would report each of them.
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


def _send_debug_lines_aside() -> Callable[[], None]:
    """Returns what sends the rest of them.

    The SDK sends the engine some four debug lines a resource, whether anybody asked for them or not, and waits for each
    in the program's own thread: a third of what a resource costs. They go all the same, in order, from another thread.
    """
    engine = get_engine()
    if engine is None:
        return lambda: None
    # Bounded: a program of thousands of resources that never waits for its lines takes twice as long.
    send, waiting = engine.Log, queue.Queue[engine_pb2.LogRequest | None](maxsize=DEBUG_LINES_WAITING)

    def log(request: engine_pb2.LogRequest) -> None:
        (waiting.put if request.severity == engine_pb2.DEBUG else send)(request)

    def work() -> None:
        while (request := waiting.get()) is not None:
            with suppress(grpc.RpcError):  # the engine is gone; whoever still waits for room must not wait for ever
                send(request)

    def finish() -> None:
        waiting.put(None)
        worker.join(DEBUG_GRACE_SECONDS)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    engine.Log = log
    return finish


def _execute(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def _report(error: Exception) -> int:
    if any("monitor shut down" in str(cause) for cause in _causes(error)):
        return SHOWN_ALREADY  # the engine gave up first and has said why; this is only the echo
    if isinstance(error, pulumi.RunError):
        pulumi.log.error(str(error))
    else:
        shown = traceback.format_exception(type(error), error, _of_the_program(error.__traceback__))
        pulumi.log.error("Program failed with an unhandled exception:\n" + "".join(shown))
    return SHOWN_ALREADY


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def _of_the_program(frames: TracebackType | None) -> TracebackType | None:
    """The traceback from the program's own first frame on; whole, where it has none."""
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
