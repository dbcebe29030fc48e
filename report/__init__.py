"""Reports for people: cost of a stack, changes and their dangers, and rehearsals of a stack in the simulator."""
