"""GPUs: that what is asked for exists, stays apart, and can be scheduled."""
