"""`python -m engine` builds a Pulumi engine when there is none, and prints its path."""

import sys

from engine.build import ensure
from engine.go_build import BuildError
from engine.progress import Progress


def main() -> int:
    """Returns the exit status: 0 with the path on stdout, 1 with the reason on stderr, 130 when interrupted."""
    try:
        engine = ensure(Progress(sys.stderr))
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The next run continues from what was fetched and compiled so far.", file=sys.stderr)
        return 130
    print(engine.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
