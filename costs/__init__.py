"""Estimates the monthly cost of resources as the engine shows them, item by item."""
