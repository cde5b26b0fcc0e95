"""AWS::CloudFormation::Stack: a stack within a stack."""

import time

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.resource_type import Call, Properties


class NestedStackFailed(Exception):
    """The inner stack is as it was before."""


def _update(call: Call) -> Properties:
    stacks, stack = call.client("cloudformation"), call.before["Id"]
    parameters = [
        {"ParameterKey": name, "ParameterValue": str(value).lower() if isinstance(value, bool) else str(value)}
        for name, value in call.properties.get("Parameters", {}).items()
    ]
    try:
        stacks.update_stack(
            StackName=stack,
            TemplateURL=call.properties["TemplateURL"],
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except Exception as error:
        if "No updates are to be performed" not in str(error):
            raise
    while (found := stacks.describe_stacks(StackName=stack)["Stacks"][0])["StackStatus"].endswith("IN_PROGRESS"):
        time.sleep(0.05)
    if found["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise NestedStackFailed(f"Embedded stack {stack} was not successfully updated: {found['StackStatus']}")
    return {"Outputs": {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}}


AMENDMENTS = [Amendment("AWS::CloudFormation::Stack", _update)]
