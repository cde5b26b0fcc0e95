"""Findings of cdk-nag that stand: each is acknowledged where it arises, with the reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

NO_RESOURCE = "The action knows no resource; a condition, or the service itself, is the limit"


def acknowledge(construct: IConstruct, findings: dict[str, str]) -> None:
    """Let the findings stand on this construct; each is written ``rule`` or ``rule[finding]: reason``."""
    for finding, reason in findings.items():
        Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{finding}", reason=reason))
