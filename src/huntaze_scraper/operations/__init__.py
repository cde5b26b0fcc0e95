"""For people with credentials: a job's history and the dead letters of what is deployed; the ``huntaze`` command."""
