"""Texts of others in a page in Markdown."""


def plain(words: str) -> str:
    """Returns a text in which GitHub finds no Markdown, no HTML and no name of somebody to tell."""
    text = "".join(f"\\{sign}" if sign in "\\*_`~<>[]|&" else sign for sign in " ".join(words.split()))
    return text.replace("@", "@<!-- -->")  # a backslash there would tell them all the same
