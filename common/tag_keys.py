"""Keys of tags that split the bill: a company may spell them in its own way, and means the same."""


def means(key: str, name: str) -> bool:
    """Returns whether a key ends in a name, whatever its case and signs: `acme:CostCenter` means `cost-center`."""
    return _letters(key).endswith(_letters(name))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
