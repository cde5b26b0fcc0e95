"""A world in which the limiter runs against models of SQS and its store, with every fault that a seed asks for.

The limiter itself is the real one. Time is the world's; each call that leaves the
process is cut in two, the request's way and the answer's, and between the two
anything may happen: other invocations, a crash, an outage, a clock that differs.
"""
