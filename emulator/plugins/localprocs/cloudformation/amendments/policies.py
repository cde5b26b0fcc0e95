"""Resource policies, which are put again when they change."""

import json
from typing import Any

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.resource_type import Call, Properties


def _topics(call: Call) -> Properties:
    for topic in call.properties["Topics"]:
        call.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=_text(call))
    return {}


def _bucket(call: Call) -> Properties:
    call.client("s3").put_bucket_policy(Bucket=call.properties["Bucket"], Policy=_text(call))
    return {}


def _text(call: Call) -> str:
    document: Any = call.properties["PolicyDocument"]
    return document if isinstance(document, str) else json.dumps(document)


AMENDMENTS = [Amendment("AWS::SNS::TopicPolicy", _topics), Amendment("AWS::S3::BucketPolicy", _bucket)]
