"""The table of amendments, a module a service."""

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.amendments import apigateway, calls, ec2, events, lambda_, policies, s3, stacks

AMENDMENTS: dict[str, Amendment] = {
    each.name: each
    for module in (apigateway, calls, ec2, events, lambda_, policies, s3, stacks)
    for each in module.AMENDMENTS
}
