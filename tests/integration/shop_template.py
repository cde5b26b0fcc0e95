"""A stack of one of each: what a function, a rule and a task of it do is written to its table."""

from typing import Any

FUNCTION = """
import boto3, os
from botocore.exceptions import ClientError

table = boto3.client("dynamodb")

def handler(event, context):
    for key in [it["body"] for it in event.get("Records", [])] or ["tick/" + event["time"]]:
        try:
            table.scan(TableName=os.environ["TABLE"])
            may = "reads"
        except ClientError as error:
            may = error.response["Error"]["Code"]
        table.put_item(TableName=os.environ["TABLE"], Item={"k": {"S": key}, "may": {"S": may}})
"""
TASK = """
import boto3, os, time

table = boto3.client("dynamodb", region_name=os.environ["AWS_REGION"])
while True:
    table.put_item(TableName=os.environ["TABLE"], Item={"k": {"S": f"task/{time.time():.0f}"}})
    time.sleep(60)
"""


def may(*actions: str) -> Any:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}


def role(service: str, *actions: str) -> Any:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "its", "PolicyDocument": may(*actions)}],
        },
    }


def arn(name: str) -> Any:
    return {"Fn::GetAtt": [name, "Arn"]}


SHOP: Any = {
    "Resources": {
        "Jobs": {"Type": "AWS::SQS::Queue"},
        "Orders": {"Type": "AWS::SQS::Queue"},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            },
        },
        "Papers": {"Type": "AWS::S3::Bucket"},
        "Key": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "as it was"}},
        "Role": role("lambda", "dynamodb:PutItem", "sqs:*", "logs:*"),
        "Worker": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": arn("Role"),
                "Code": {"ZipFile": FUNCTION},
                "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": arn("Jobs"), "FunctionName": {"Ref": "Worker"}, "BatchSize": 1},
        },
        "Tick": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "rate(10 minutes)",
                "Targets": [{"Id": "it", "Arn": arn("Worker")}],
            },
        },
        "MayTick": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Worker"},
                "Principal": "events.amazonaws.com",
                "SourceArn": arn("Tick"),
            },
        },
        "Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Network"}, "CidrBlock": "10.0.0.0/24"},
        },
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "TaskRole": role("ecs-tasks", "dynamodb:PutItem"),
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "RequiresCompatibilities": ["FARGATE"],
                "NetworkMode": "awsvpc",
                "Cpu": "256",
                "Memory": "512",
                "TaskRoleArn": arn("TaskRole"),
                "ContainerDefinitions": [
                    {
                        "Name": "it",
                        "Image": "python:3.13",
                        "Command": ["python", "-c", TASK],
                        "Environment": [{"Name": "TABLE", "Value": {"Ref": "Table"}}],
                    }
                ],
            },
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "TaskDefinition": {"Ref": "Task"},
                "LaunchType": "FARGATE",
                "DesiredCount": 1,
                "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [{"Ref": "Subnet"}]}},
            },
        },
    },
    "Outputs": {
        name: {"Value": {"Ref": name}} for name in ("Jobs", "Orders", "Table", "Papers", "Key", "Cluster", "Service")
    },
}
