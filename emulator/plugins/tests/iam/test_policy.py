"""The decision on a request."""

import pytest
from localprocs.iam.policy import Access, Principal, decide, trusts

ROLE = "arn:aws:iam::111:role/limiter"
CALLER = Principal(ROLE, "arn:aws:sts::111:assumed-role/limiter/fn")
QUEUE = "arn:aws:sqs:us-east-1:111:jobs"
SEND = Access("sqs:SendMessage", QUEUE)
KEY = "arn:aws:kms:us-east-1:111:key/k"


def statement(effect="Allow", action="sqs:SendMessage", resource=QUEUE, **more):
    """Return a policy of one statement."""
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]}


@pytest.mark.parametrize(
    "document",
    [
        statement(),
        statement(action="sqs:*"),
        statement(action=["sqs:Send*"]),
        statement(action="SQS:sendmessage"),
        statement(resource="*"),
        statement(resource=["arn:aws:sqs:*:111:j?bs"]),
        {"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::*"}},
        statement(Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}}),
    ],
)
def test_a_statement_that_covers_the_request_allows_it(document):
    """Wildcards, lists, negated elements, any case of the action."""
    access = Access(SEND.action, SEND.resource, {"aws:requestedregion": ("us-east-1",)})

    decision = decide(CALLER, access, {"p": document})

    assert decision.is_allowed
    assert decision.statements == ("p[0]",)


@pytest.mark.parametrize(
    "document",
    [
        {},
        statement(action="sqs:ReceiveMessage"),
        statement(action="sqs:SendMessageBatch"),
        statement(resource=QUEUE + "-dlq"),
        statement(resource="arn:aws:sqs:*:222:jobs"),
        statement(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        statement(Condition={"StringSounds": {"aws:RequestedRegion": "us-east-1"}}),
        {"Statement": {"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}},
        statement(resource="arn:aws:sqs:us-east-1:111:${aws:username}"),
    ],
)
def test_what_no_statement_covers_is_refused(document):
    """Fail closed, also where a statement is not understood."""
    decision = decide(CALLER, SEND, {"p": document})

    assert not decision.is_allowed
    assert decision.reason == "because no identity-based policy allows the sqs:SendMessage action"


def test_an_explicit_deny_wins():
    """Whatever else allows."""
    decision = decide(CALLER, SEND, {"a": statement(), "b": statement("Deny", action="sqs:*", resource="*")})

    assert (decision.is_allowed, decision.reason) == (False, "with an explicit deny in an identity-based policy")


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": ["x", CALLER.session_arn]}])
def test_a_resources_policy_may_allow_by_itself(principal):
    """Within one account either side suffices."""
    assert decide(CALLER, SEND, {}, statement(Principal=principal)).is_allowed


@pytest.mark.parametrize("principal", [{"Service": "sns.amazonaws.com"}, {"AWS": "arn:aws:iam::111:role/other"}, {}])
def test_a_resources_policy_for_others_does_not_allow(principal):
    """A service or another role is not the caller."""
    assert not decide(CALLER, SEND, {}, statement(Principal=principal)).is_allowed


def test_the_queues_tls_rule_lets_tls_through():
    """The deny of plain HTTP does not meet a call that counts as TLS."""
    only_tls = statement("Deny", "sqs:*", Principal={"AWS": "*"}, Condition={"Bool": {"aws:SecureTransport": "false"}})

    secure = Access(SEND.action, QUEUE, {"aws:securetransport": ("true",)})
    plain = Access(SEND.action, QUEUE, {"aws:securetransport": ("false",)})

    assert decide(CALLER, secure, {"p": statement()}, only_tls).is_allowed
    assert not decide(CALLER, plain, {"p": statement()}, only_tls).is_allowed


def test_a_key_must_let_its_account_decide():
    """An identity policy alone gives no use of a key."""
    use = Access("kms:Decrypt", KEY)
    identity = {"p": statement(action="kms:Decrypt", resource=KEY)}
    delegating = statement(action="kms:*", resource="*", Principal={"AWS": "arn:aws:iam::111:root"})
    closed = statement(action="kms:*", resource="*", Principal={"AWS": "arn:aws:iam::111:role/admin"})

    assert decide(CALLER, use, identity, delegating).is_allowed
    assert not decide(CALLER, use, {}, delegating).is_allowed
    assert not decide(CALLER, use, identity, closed).is_allowed


LAMBDA = "lambda.amazonaws.com"


@pytest.mark.parametrize(
    ("principal", "condition", "is_trusted"),
    [
        ({"Service": LAMBDA}, {}, True),
        ({"Service": ["ecs-tasks.amazonaws.com", LAMBDA]}, {}, True),
        ({"Service": LAMBDA}, {"StringEquals": {"aws:SourceAccount": "111"}}, True),
        ({"Service": LAMBDA}, {"StringEquals": {"aws:SourceAccount": "222"}}, False),
        ({"Service": "ecs-tasks.amazonaws.com"}, {}, False),
        ({"AWS": "*"}, {}, False),
        ("*", {}, False),
    ],
)
def test_a_service_takes_on_only_a_role_that_trusts_it(principal, condition, is_trusted):
    """A function cannot run with a role that is meant for tasks."""
    trust = {
        "Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
    }

    assert trusts(trust, {LAMBDA}, {"aws:sourceaccount": ("111",)}) is is_trusted
