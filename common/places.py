"""Places in a text, as editors count them."""


def line_and_column(text: str) -> tuple[int, int]:
    """Returns the line and column right after a text, both counted from 1."""
    lines = text.split("\n")
    return len(lines), len(lines[-1]) + 1


def place_of_byte(error: UnicodeDecodeError) -> tuple[int, int]:
    """Returns the line and column of the first byte that is not UTF-8."""
    return line_and_column(error.object[: error.start].decode("utf-8"))
