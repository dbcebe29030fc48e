"""Words of our expressions that stand for selectors, so that each says which exporter it means.

OpenCost copies series of kube-state-metrics, and slices of GPUs are resources of their own: a sum without these
selectors counts twice, or counts no slice.
"""

import re

WORDS = {
    "KSM": 'job="kube-state-metrics"',
    "GPUS": 'resource=~"nvidia_com_(gpu|gpu_shared|mig_.+)"',
}


def promql(text: str) -> str:
    """Returns the expression on one line, with the selectors for the words `KSM` and `GPUS`."""
    return re.sub(r"\b(KSM|GPUS)\b", lambda word: WORDS[word[0]], " ".join(text.split()))


def resource_label(resource: str) -> str:
    """Returns the value of `resource` of an extended resource, e.g. nvidia_com_gpu, in metrics of nodes and pods.

    Quotas keep the name as it is. Source: kube-state-metrics v2.20.0, internal/store/utils.go; read 2026-11.
    """
    return re.sub(r"[^a-zA-Z0-9_]", "_", resource)


READY = promql("""(max by (node) (kube_node_status_condition{KSM,condition="Ready",status="true"}) == 1)""")
"""Nodes that are ready, by `node`: of a dead one only its death is told."""
