"""`python -m engine`: make sure that there is a Pulumi engine, and print its path."""

import sys

from engine.build import BuildError, ensure
from engine.progress import Progress


def main() -> int:
    """The exit status: 0 with the path on stdout, 1 with the reason on stderr, 130 when interrupted."""
    try:
        engine = ensure(Progress(sys.stderr))
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The next run goes on from what was fetched and compiled so far.", file=sys.stderr)
        return 130
    print(engine.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
