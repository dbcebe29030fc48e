"""A real Kubernetes control plane on loopback: kube-apiserver, etcd and kube-controller-manager, without nodes."""
