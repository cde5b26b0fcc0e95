"""The whole pipeline in one process, one thread and one seed: the shipped code against models of all that it calls.

A seed draws a plan (jobs, faults, when), and the loop draws from it which of the ready tasks goes next and what time it
is. The same seed gives the same history, bit for bit.
"""
