"""Rules about load balancers: who reaches them, and how."""
