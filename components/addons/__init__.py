"""Helm add-ons, one module each. A module with an `ADD_ON` is an add-on; nothing else has to know of it."""
