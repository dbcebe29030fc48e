"""Facts about AWS, Kubernetes, GPUs and charts, each with its source and the month it was read."""
