"""Messages as records."""

from localprocs.event_source_mapping.records import record

MESSAGE = {
    "MessageId": "m",
    "ReceiptHandle": "r",
    "Body": '{ "kept" : "as written \u00e9" }',
    "MD5OfBody": "5",
    "Attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1"},
    "MessageAttributes": {
        "text": {"DataType": "String", "StringValue": "x"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    },
}


def test_a_body_is_passed_on_letter_for_letter():
    """Its digest still fits."""
    assert record(MESSAGE, "arn:aws:sqs:eu-west-1:1:q")["body"] == MESSAGE["Body"]


def test_attributes_are_written_as_lambda_writes_them():
    """Lower case, both empty lists, bytes in base64."""
    made = record(MESSAGE, "arn:aws:sqs:eu-west-1:1:q")

    assert made["attributes"]["ApproximateReceiveCount"] == "2"
    assert made["awsRegion"] == "eu-west-1"
    assert made["messageAttributes"] == {
        "text": {"stringListValues": [], "binaryListValues": [], "dataType": "String", "stringValue": "x"},
        "bytes": {"stringListValues": [], "binaryListValues": [], "dataType": "Binary", "binaryValue": "AP8="},
    }
