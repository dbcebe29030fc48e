"""Karpenter's CRDs as a chart of their own: Helm never upgrades those that a chart carries in `crds/`."""

from components.addon import AddOnSpec

ADD_ON = AddOnSpec(name="karpenter-crd", pod_security="restricted", values=lambda context: {})
