"""Resolves the digests of images, by the manifests that their registries have under the pinned tags.

A digest that is known is never changed: another one of the same tag is another image, and is told. Form: OCI
distribution spec, "Pulling manifests": the digest is that of the bytes; read 2026-11.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

from catalog.charts import UNRESOLVED
from catalog.images import IMAGES, Image
from catalog.renew.asking import Answers, Question, Renewal
from catalog.rows import DATA, laid_out, read_table

ACCOUNT = False
_DOCKER_HUB = "registry-1.docker.io"


def questions() -> list[Question]:
    return [_manifest(image) for image in IMAGES.values()]


def _manifest(image: Image) -> Question:
    host, _, name = image.repository.partition("/")
    file_name = re.sub(r"[^a-z0-9.]+", "-", f"{image.repository}-{image.tag}".lower())
    registry = _DOCKER_HUB if host == "docker.io" else host
    return Question(name=f"image-{file_name}.json", url=f"https://{registry}/v2/{name}/manifests/{image.tag}")


def renew(answers: Answers, today: date) -> Renewal:
    table, notes = read_table("images"), []
    for name, row in table["images"].items():
        content = answers.content(_manifest(IMAGES[name]))
        if content is None:
            continue
        digest, known = f"sha256:{hashlib.sha256(content).hexdigest()}", IMAGES[name].digest
        if known not in (UNRESOLVED, digest):
            notes.append(f"{name}: {row['tag']} is {digest}, and was {known}. Find out why before it runs again")
        else:
            row["digests"] = {row["tag"]: digest}
    return Renewal({DATA / "images.json": laid_out(table)}, notes)
