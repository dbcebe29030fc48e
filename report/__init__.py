"""What people read: the cost of a stack, what a change does and endangers, and rehearsals of a stack's whole life."""
