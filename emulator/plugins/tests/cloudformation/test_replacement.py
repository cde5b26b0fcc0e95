"""Replace or update in place."""

from localprocs.cloudformation.amendments.ec2 import permission
from localprocs.cloudformation.amendments.s3 import _lifecycle
from localprocs.cloudformation.engine.replacement import is_needed


def test_a_value_that_stays_the_same_replaces_nothing():
    """Where the value comes from does not matter, also when that changes."""
    assert not is_needed(["/properties/VpcId"], {"VpcId": "vpc-1", "Tags": [1]}, {"VpcId": "vpc-1", "Tags": [2]})


def test_another_value_of_a_create_only_property_replaces():
    """Also deep inside."""
    assert is_needed(["/properties/Code/Hash"], {"Code": {"Hash": 1}}, {"Code": {"Hash": 2}})
    assert is_needed(["/properties/Name"], {}, {"Name": "n"})


def test_a_security_groups_rule_is_written_as_the_api_takes_it():
    """An address range and another group each have their place."""
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": "10.0.0.0/8", "Description": "d"}

    assert permission(rule) == {
        "IpProtocol": "tcp",
        "FromPort": 1,
        "ToPort": 2,
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "d"}],
    }
    assert permission({"IpProtocol": "-1", "SourceSecurityGroupId": "sg"})["UserIdGroupPairs"] == [{"GroupId": "sg"}]


def test_a_lifecycle_rule_is_written_as_the_api_takes_it():
    """Expiration, old versions and unfinished uploads."""
    rule = {
        "ExpirationInDays": 90,
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }

    assert _lifecycle({"LifecycleConfiguration": {"Rules": [rule]}})["Rules"] == [
        {
            "ID": "rule-0",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": 90},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]
