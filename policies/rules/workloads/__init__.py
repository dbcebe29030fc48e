"""Rules about pods: what they may do on a node, and what they need to run well."""
