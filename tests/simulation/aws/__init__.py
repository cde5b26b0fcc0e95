"""Models of what the pipeline calls of AWS: small, strict, no kinder than AWS's documentation.

Each answers a request at once, or raises ``Refusal``; what may happen on the way to it and back is the client's matter.
What a model does not know raises NotImplementedError, and so ends the run: it is never guessed.
"""
