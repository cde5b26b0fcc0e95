"""The table of amendments, a module a service."""

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.amendments import ec2, events, lambda_, policies, s3

AMENDMENTS: dict[str, Amendment] = {
    each.name: each for module in (ec2, events, lambda_, policies, s3) for each in module.AMENDMENTS
}
