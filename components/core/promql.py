"""Words of our expressions that stand for selectors, so that each says which exporter it means.

OpenCost copies series of kube-state-metrics, and slices of GPUs are resources of their own: a sum without these
selectors counts twice, or counts no slice.
"""

import re

from catalog.metrics import jobs

WORDS = {
    "KSM": 'job="kube-state-metrics"',
    "GPUS": 'resource=~"nvidia_com_(gpu|gpu_shared|mig_.+)"',
}


def promql(text: str) -> str:
    """Returns the expression on one line, with the selectors for the words `KSM` and `GPUS`, and for each exporter."""
    return of_exporters(re.sub(r"\b(KSM|GPUS)\b", lambda word: WORDS[word[0]], " ".join(text.split())))


def of_exporters(expr: str) -> str:
    """Returns the expression with the jobs of each series that is in the catalog, where it names none.

    Any pod may serve any name: what a rule does not ask its own exporter for is what somebody wrote.
    """

    def selected(found: re.Match[str]) -> str:
        name, selector = found[1], found[2]
        if name not in jobs() or re.search(r"\bjob\s*=", selector or ""):
            return found[0]
        others, served = (selector or "{}")[1:-1], jobs()[name]
        job = f'job{"=~" if len(served) > 1 else "="}"{"|".join(served)}"'
        return f"{name}{{{job}{',' if others.strip() else ''}{others}}}"

    return re.sub(_SERIES, selected, expr)


_SERIES = re.compile(r"""(?<![\w:"'|])([a-zA-Z_]\w*)(?![\w:])\s*(\{(?:"[^"]*"|[^}"])*\})?""")


def resource_label(resource: str) -> str:
    """Returns the value of `resource` of an extended resource, e.g. nvidia_com_gpu, in metrics of nodes and pods.

    Quotas keep the name as it is. Source: kube-state-metrics v2.20.0, internal/store/utils.go; read 2026-11.
    """
    return re.sub(r"[^a-zA-Z0-9_]", "_", resource)


def requested(by: str, selector: str) -> str:
    """Returns what pods request until they end, after which metrics still have it. by: pod and other labels."""
    return promql(
        f"""sum by ({by}) (kube_pod_container_resource_requests{{KSM,{selector}}})
        * on (namespace, pod) group_left ()
        (max by (namespace, pod) (kube_pod_status_phase{{KSM,phase=~"Pending|Running"}}) == 1)"""
    )


READY = promql("""(max by (node) (kube_node_status_condition{KSM,condition="Ready",status="true"}) == 1)""")
"""Nodes that are ready, by `node`: of a dead one only its death is told."""
