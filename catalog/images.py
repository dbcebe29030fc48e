"""Images that our own values name, in `data/images.json`, by digest where a registry has told it.

What charts name by themselves is not here: it comes with the version of the chart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.charts import UNRESOLVED
from catalog.rows import LazyTable, read_table


@dataclass(frozen=True, kw_only=True)
class Image:
    """One image. chart: whose values name it. digest: UNRESOLVED where no registry has been asked.

    In the file, `digests` has the digest by tag, so that another tag is unresolved.
    """

    repository: str
    tag: str
    chart: str
    digest: str

    @property
    def pinned_tag(self) -> str:
        """The tag and, where it is known, the digest, which is then what nodes pull."""
        return self.tag if self.digest == UNRESOLVED else f"{self.tag}@{self.digest}"

    @property
    def reference(self) -> str:
        """The name of the image, as a pod has it."""
        return f"{self.repository}:{self.pinned_tag}"


def _image(row: Mapping[str, Any]) -> Image:
    digest = row.get("digests", {}).get(row["tag"], UNRESOLVED)
    return Image(repository=row["repository"], tag=row["tag"], chart=row["chart"], digest=digest)


def _load() -> dict[str, Image]:
    return {name: _image(row) for name, row in read_table("images")["images"].items()}


IMAGES: Mapping[str, Image] = LazyTable(_load)
