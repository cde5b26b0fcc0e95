"""The page over a running pipeline: what it does now, any job's whole way, and what can be broken."""
