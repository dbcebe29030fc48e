"""Names that are shortened to the limits of AWS. A shortened name has a digest, so two long names stay different."""

import hashlib

DIGEST_LENGTH = 8


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def with_digest(name: str, limit: int, identity: str) -> str:
    """Returns the beginning of the name and a digest of `identity`, together within `limit` characters."""
    return f"{name[: limit - DIGEST_LENGTH - 1]}-{digest_of(identity)}"


def shortened(name: str, limit: int) -> str:
    """Returns the name itself if it fits into `limit` characters, or else its beginning with a digest of all of it."""
    return name if len(name) <= limit else with_digest(name, limit, name)
