"""What SQS allows (its quotas, read 2026), and what we ask of it."""

MAX_ENTRIES = 10
"""Messages in one call, and in one receive."""

MAX_ATTRIBUTES = 10
"""Message attributes of one message."""

MAX_MESSAGE_BYTES = 262_144
"""What our queues take of a message with its attributes, and of a batch of them: SQS's classic limit."""

MAX_DEAD_LETTER_BYTES = 1_048_576
"""What their dead-letter queues take, SQS's limit of today: room for the reason beside the largest message."""

IN_FLIGHT_SECONDS = 12 * 3600
"""A message stays in flight for 12 h at most, counted from its receive however often its visibility is changed."""

MAX_HIDDEN_SECONDS = IN_FLIGHT_SECONDS - 60
"""The longest that we hide one at once; longer waits take several hops."""

LONG_POLL_SECONDS = 20
"""The longest that a receive may wait, and the fewest receives (requirement 3.4)."""

FIFO_DEDUPLICATION_MS = 300_000
"""How long a FIFO queue drops what it was sent before, deleted or not."""
