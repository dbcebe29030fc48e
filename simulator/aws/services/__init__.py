"""The simulated resource types: one module for each AWS service, found by being here, with one entry for each type."""
