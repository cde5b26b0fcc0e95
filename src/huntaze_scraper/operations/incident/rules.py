"""Which fields of which source are allowed, and by which rule. What is not listed here is never written."""

from collections.abc import Mapping
from typing import Any

from huntaze_scraper.operations.incident.redaction import DROPPED, Redaction, Rule
from huntaze_scraper.queues.attributes import ADDED, ERROR_CLASS, REASON, REPLAY, STATUS
from huntaze_scraper.state.keys import Kind

COUNTS = (
    *("duration_ms", "http_status", "attempt", "tries_again", "wait_seconds", "timeout_seconds", "comes_back_seconds"),
    *("receive_count", "seconds", "count", "age_seconds", "rate_limits", "asked_seconds", "kept", "generation"),
    *("failed_starts", "session_version", "was_alive", "looks_again_seconds", "waited_ms", "allowed", "forwarded"),
    *("retry_after", "tokens_remaining", "messages", "store_calls", "delayed", "duplicate", "behind", "failed"),
    *("set_aside", "gone", "first_byte_ms", "total_ms", "sent_bytes", "received_bytes", "retry_after_seconds"),
    *("text_length", "media", "exit_code", "in_hand", "sent_at"),
)
WORDS = (
    *("event", "level", "status", "error_class", "action", "forwarding", "before", "after", "method", "failure"),
    *("priority", "service", "origin"),
)


def of_line(redaction: Redaction) -> Mapping[str, Rule]:
    """Return the rules for the fields of a log line of limiter or scraper."""
    sentences = ("reason", "error", "why", "message")
    return {
        **dict.fromkeys(COUNTS, redaction.number),
        **dict.fromkeys(WORDS, redaction.word),
        **dict.fromkeys(sentences, redaction.sentence),
        "missing": redaction.words,
        "kinds": redaction.words,
        "message_id": redaction.name("message"),
        "creator_id": redaction.name("creator"),
        "correlation_id": redaction.name("correlation"),
        "fan": redaction.name("fan"),
        "task": redaction.name("thing"),
        "job_id": redaction.job_id,
        "request": redaction.request,
        "path": redaction.path,
        "content_type": redaction.mime,
        "exception": lambda value: redaction.only({"type": redaction.sentence, "text": redaction.sentence}, value),
    }


def of_job(redaction: Redaction) -> Mapping[str, Rule]:
    """Return the rules for the fields of a job's payload."""
    return {
        "action": lambda value: redaction.word(value) if isinstance(value, str) else redaction.shape(value),
        "creator_id": redaction.name("creator"),
        "user_id": redaction.name("fan"),
        "timestamp": redaction.moment,
        "message_content": redaction.text,
        "media_urls": lambda value: (
            [redaction.url(it) for it in value] if isinstance(value, list) else redaction.shape(value)
        ),
        "profile_url": redaction.url,
        "since": redaction.name("thing"),
        "metadata": lambda value: (
            redaction.only(
                {
                    "correlation_id": redaction.name("correlation"),
                    "campaign_id": redaction.name("campaign"),
                    "priority": lambda each: redaction.word(each) if isinstance(each, str) else redaction.shape(each),
                },
                value,
            )
            if isinstance(value, Mapping)
            else redaction.shape(value)
        ),
    }


def of_attributes(redaction: Redaction) -> Mapping[str, Rule]:
    """Return the rules for a message's attributes, as texts: those that are ours; a producer's own are dropped."""
    return {
        **dict.fromkeys((*ADDED, STATUS), _numeral),
        REPLAY: redaction.moment,
        REASON: redaction.sentence,
        ERROR_CLASS: redaction.word,
    }


def of_item(redaction: Redaction, kind: str) -> Mapping[str, Rule] | None:
    """Return the rules for an item of the state table; None where nothing of its kind is told."""
    numbers = {
        Kind.JOB: (
            *("attempts", "failures", "rate_limits", "lease_until", "expires_at", "ended_at"),
            *("effect_until", "effect_at"),
        ),
        Kind.SLOT: ("slot_at", "number", "sent_at", "forwarded_at", "was_asleep", "expires_at"),
        Kind.PAUSE: ("until", "rest_seconds", "rest_until"),
        Kind.BUCKET: ("version",),
        Kind.TURN: ("version", "expires_at"),
        Kind.REQUESTS: ("version", "expires_at"),
    }
    if kind not in numbers:
        return None
    rules: dict[str, Rule] = dict.fromkeys(numbers[Kind(kind)], redaction.number)
    account, message = redaction.name("creator"), redaction.name("message")
    match kind:
        case Kind.JOB:
            words = dict.fromkeys(("state", "came_from", "action"), redaction.word)
            return rules | words | {"account": account, "buried": message}
        case Kind.SLOT:
            return rules | {"account": account, "message_id": message, "priority": redaction.word}
        case Kind.PAUSE:
            return rules | {"reason": redaction.sentence}
    return rules | {"slots": _numbers, "back_at": _numbers, "tokens": _tokens}


def of_waiting(redaction: Redaction) -> Mapping[str, Rule]:
    """Return the rules for a job that waits in the line, but for its body and attributes."""
    counts = ("receive_count", "sent_at", "wakes_at", "number")
    return dict.fromkeys(counts, redaction.number) | {"message_id": redaction.name("message")}


def _numeral(value: Any) -> Any:
    text = str(value)
    return text if len(text) <= 40 and set(text) <= set("0123456789.:-+TZ") else DROPPED  # noqa: PLR2004 - a moment's


def _numbers(value: Any) -> Any:
    return [it for it in value if isinstance(it, int | float)] if isinstance(value, list) else DROPPED


def _tokens(value: Any) -> Any:
    if not isinstance(value, list):
        return DROPPED
    return [{"back_at": it["back_at"]} for it in value if isinstance(it, dict) and isinstance(it.get("back_at"), int)]
