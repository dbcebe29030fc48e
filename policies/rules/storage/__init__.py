"""Rules about buckets, file systems, volumes, queues and backup vaults."""
