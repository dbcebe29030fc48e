"""The images of a pod, in CEL: for rules of the API server and of Kyverno."""


def images_of(spec: str) -> str:
    """Returns in CEL every image that the nodes pull for a pod: those of containers and of volumes."""
    kinds = ("containers", "initContainers", "ephemeralContainers")
    of_containers = [f"{spec}.?{kind}.orValue([]).map(each, each.?image.orValue(''))" for kind in kinds]
    volumes = f"{spec}.?volumes.orValue([]).filter(each, has(each.image)).map(each, each.image.?reference.orValue(''))"
    return " + ".join([*of_containers, volumes])
