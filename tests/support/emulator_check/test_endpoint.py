"""Owns the check of VPC endpoints, and of the network that is seeded for them."""

from __future__ import annotations

from typing import Any

from .case import REGION, EmulatorCase, allow, document

RUNTIME = f"com.amazonaws.{REGION}.bedrock-runtime"


class Endpoint(EmulatorCase):
    """Endpoints of a seeded network."""

    def setUp(self) -> None:
        super().setUp()
        self.ec2 = self.client("ec2")
        self.network = self.tell("vpc")

    def create(self, service: str = RUNTIME, **more: Any) -> str:
        arguments = {
            "VpcEndpointType": "Interface",
            "VpcId": self.network["vpc_id"],
            "ServiceName": service,
            "SubnetIds": self.network["subnet_ids"],
            "SecurityGroupIds": self.network["security_group_ids"],
            "PrivateDnsEnabled": True,
        } | more
        return self.ec2.create_vpc_endpoint(**arguments)["VpcEndpoint"]["VpcEndpointId"]

    def shown(self, id: str) -> dict[str, Any]:
        return self.ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0]

    def found(self, **filters: list[str]) -> list[str]:
        wanted = [{"Name": name.replace("_", "-"), "Values": values} for name, values in filters.items()]
        return [one["VpcEndpointId"] for one in self.ec2.describe_vpc_endpoints(Filters=wanted)["VpcEndpoints"]]

    def test_an_endpoint_is_pending_until_it_was_looked_at(self) -> None:
        self.tell("endpoint_pending", looks=2)
        id = self.create()
        self.assertEqual([self.shown(id)["State"] for _ in range(3)], ["pending", "pending", "available"])
        self.assertEqual(self.ec2.delete_vpc_endpoints(VpcEndpointIds=[id])["Unsuccessful"], [])
        self.assertEqual([self.shown(id)["State"] for _ in range(2)], ["deleting", "deleting"])
        self.refused("InvalidVpcEndpointId.NotFound", self.shown, id=id)
        told = self.ec2.delete_vpc_endpoints(VpcEndpointIds=[id])["Unsuccessful"]
        self.assertEqual(
            [(one["ResourceId"], one["Error"]["Code"]) for one in told], [(id, "InvalidVpcEndpoint.NotFound")]
        )

    def test_an_endpoint_is_read_back_as_it_was_asked_for(self) -> None:
        policy = document(allow("bedrock:InvokeModel", "*", "*"))
        tags = [{"Key": "owner", "Value": "groundwork"}]
        spec = [{"ResourceType": "vpc-endpoint", "Tags": tags}]
        id = self.create(PolicyDocument=policy, TagSpecifications=spec)
        shown = self.shown(id)
        self.assertEqual((shown["PolicyDocument"], shown["Tags"]), (policy, tags))
        self.assertEqual((shown["ServiceName"], shown["VpcEndpointType"]), (RUNTIME, "Interface"))
        self.assertEqual(shown["SubnetIds"], self.network["subnet_ids"])
        self.assertEqual([one["GroupId"] for one in shown["Groups"]], self.network["security_group_ids"])
        self.assertTrue(shown["PrivateDnsEnabled"])
        self.assertEqual(shown["DnsEntries"][-1]["DnsName"], f"bedrock-runtime.{REGION}.amazonaws.com")
        self.assertIn(
            '"Principal": "*"', self.shown(self.create(service=f"com.amazonaws.{REGION}.sts"))["PolicyDocument"]
        )

    def test_a_token_makes_one_endpoint(self) -> None:
        id = self.create(ClientToken="t")
        self.assertEqual(self.create(ClientToken="t"), id)
        self.refused("IdempotentParameterMismatch", self.create, ClientToken="t", PrivateDnsEnabled=False)
        self.assertEqual(self.found(), [id])

    def test_a_second_endpoint_with_private_dns_is_refused(self) -> None:
        id = self.create()
        words = self.refused("InvalidParameter", self.create)
        self.assertEqual(
            words,
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
            f"bedrock-runtime.{REGION}.amazonaws.com in the VPC {self.network['vpc_id']}",
        )
        second = self.create(PrivateDnsEnabled=False)
        modify = self.ec2.modify_vpc_endpoint
        self.refused("InvalidParameter", modify, VpcEndpointId=second, PrivateDnsEnabled=True)
        modify(VpcEndpointId=id, PrivateDnsEnabled=False)
        modify(VpcEndpointId=second, PrivateDnsEnabled=True)
        self.assertEqual((self.shown(id)["PrivateDnsEnabled"], self.shown(second)["PrivateDnsEnabled"]), (False, True))

    def test_private_dns_needs_the_dns_of_the_vpc(self) -> None:
        self.network = self.tell("vpc", dns=False)
        asked = {"VpcId": self.network["vpc_id"], "Attribute": "enableDnsHostnames"}
        self.assertFalse(self.ec2.describe_vpc_attribute(**asked)["EnableDnsHostnames"]["Value"])
        words = self.refused("InvalidParameter", self.create)
        self.assertIn("enableDnsSupport and enableDnsHostnames", words)
        self.create(PrivateDnsEnabled=False)
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            self.ec2.modify_vpc_attribute(VpcId=self.network["vpc_id"], **{attribute: {"Value": True}})
        self.assertTrue(self.ec2.describe_vpc_attribute(**asked)["EnableDnsHostnames"]["Value"])
        self.create()

    def test_what_is_absent_or_does_not_fit_is_refused(self) -> None:
        other = self.tell("vpc")
        bad: list[tuple[str, dict[str, Any]]] = [
            ("InvalidVpcId.NotFound", {"VpcId": "vpc-12345678"}),
            ("InvalidSubnetId.NotFound", {"SubnetIds": ["subnet-12345678"]}),
            ("InvalidGroup.NotFound", {"SecurityGroupIds": ["sg-12345678"]}),
            ("InvalidServiceName", {"service": f"com.amazonaws.{REGION}.none"}),
            ("InvalidParameter", {"VpcEndpointType": "Gateway"}),
            ("InvalidParameter", {"SubnetIds": other["subnet_ids"]}),
            ("InvalidParameter", {"SecurityGroupIds": other["security_group_ids"]}),
            ("InvalidPolicyDocument", {"PolicyDocument": "no json"}),
            ("InvalidPolicyDocument", {"PolicyDocument": document(allow("*", "*"))}),
        ]
        for code, arguments in bad:
            with self.subTest(code):
                self.refused(code, self.create, **arguments)
        self.assertEqual(self.found(), [])

    def test_subnets_must_be_in_zones_of_their_own_that_have_the_service(self) -> None:
        self.network = self.tell("vpc", zones=["a", "a", "b"])
        self.refused("DuplicateSubnetsInSameZone", self.create)
        first, _, third = self.network["subnet_ids"]
        self.tell("endpoint_zones", service="bedrock-runtime", zones=["a", "c"])
        told = self.ec2.describe_vpc_endpoint_services(ServiceNames=[RUNTIME])["ServiceDetails"][0]
        self.assertEqual(told["AvailabilityZones"], [f"{REGION}a", f"{REGION}c"])
        words = self.refused("InvalidParameter", self.create, SubnetIds=[first, third])
        self.assertEqual(
            words,
            f"The VPC endpoint service {RUNTIME} does not support the availability zone of the subnet: {third}.",
        )
        self.create(SubnetIds=[first])

    def test_an_endpoint_can_be_changed(self) -> None:
        first, second = self.network["subnet_ids"]
        id = self.create(SubnetIds=[first])
        vpc = self.network["vpc_id"]
        group = self.ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
        old = self.network["security_group_ids"]
        policy = document(allow("bedrock:*", "*", "*"))
        self.ec2.modify_vpc_endpoint(
            VpcEndpointId=id,
            AddSubnetIds=[second],
            RemoveSubnetIds=[first],
            AddSecurityGroupIds=[group],
            RemoveSecurityGroupIds=old,
            PolicyDocument=policy,
        )
        shown = self.shown(id)
        self.assertEqual((shown["SubnetIds"], shown["PolicyDocument"]), ([second], policy))
        self.assertEqual(([one["GroupId"] for one in shown["Groups"]], len(shown["NetworkInterfaceIds"])), ([group], 1))
        self.ec2.modify_vpc_endpoint(VpcEndpointId=id, ResetPolicy=True)
        self.assertNotEqual(self.shown(id)["PolicyDocument"], policy)
        modify = self.ec2.modify_vpc_endpoint
        self.refused("InvalidSubnetId.NotFound", modify, VpcEndpointId=id, AddSubnetIds=["subnet-1"])
        self.refused("InvalidVpcEndpointId.NotFound", modify, VpcEndpointId="vpce-1", ResetPolicy=True)

    def test_endpoints_are_found_by_filters_and_come_in_pages(self) -> None:
        self.tell("endpoint_pending", looks=0)
        services = [f"com.amazonaws.{REGION}.{name}" for name in ("bedrock-runtime", "sts", "logs")]
        ids = [self.create(service=service) for service in services]
        self.ec2.create_tags(Resources=ids[:2], Tags=[{"Key": "team", "Value": "a"}])
        self.assertEqual(self.found(service_name=services[1:]), ids[1:])
        self.assertEqual(self.found(vpc_id=["vpc-none"]), [])
        self.assertEqual(self.found(vpc_endpoint_state=["available"], tag_key=["team"]), ids[:2])
        self.assertEqual(self.found(**{"tag:team": ["b", "a"]}), ids[:2])
        self.ec2.delete_tags(Resources=ids[:1], Tags=[{"Key": "team"}])
        self.assertEqual(self.found(**{"tag:team": ["a"]}), ids[1:2])
        first = self.ec2.describe_vpc_endpoints(MaxResults=2)
        last = self.ec2.describe_vpc_endpoints(MaxResults=2, NextToken=first["NextToken"])
        self.assertEqual((len(first["VpcEndpoints"]), len(last["VpcEndpoints"])), (2, 1))
        self.refused("InvalidFilter", self.found, colour=["red"])
        missing = {"Resources": ["vpce-12345678"], "Tags": [{"Key": "a", "Value": "b"}]}
        self.refused("InvalidVpcEndpointId.NotFound", self.ec2.create_tags, **missing)

    def test_services_are_listed_with_their_zones(self) -> None:
        found = self.ec2.describe_vpc_endpoint_services(Filters=[{"Name": "service-type", "Values": ["Interface"]}])
        for name in ("bedrock-runtime", "bedrock", "bedrock-mantle", "sts", "logs"):
            self.assertIn(f"com.amazonaws.{REGION}.{name}", found["ServiceNames"])
        self.assertIn(f"{REGION}a", found["ServiceDetails"][0]["AvailabilityZones"])
        both = [RUNTIME, f"com.amazonaws.{REGION}.none"]
        self.refused("InvalidServiceName", self.ec2.describe_vpc_endpoint_services, ServiceNames=both)


class Network(EmulatorCase):
    """What DescribeSubnets and others show of a seeded network."""

    def test_groups_let_https_in_unless_told_otherwise(self) -> None:
        ec2, network = self.client("ec2"), self.tell("vpc")
        shown = ec2.describe_security_groups(GroupIds=network["security_group_ids"])["SecurityGroups"][0]
        [rule] = shown["IpPermissions"]
        block = ec2.describe_vpcs(VpcIds=[network["vpc_id"]])["Vpcs"][0]["CidrBlock"]
        self.assertEqual((rule["FromPort"], rule["ToPort"], rule["IpRanges"]), (443, 443, [{"CidrIp": block}]))
        closed = self.tell("vpc", https=False)["security_group_ids"]
        self.assertEqual(ec2.describe_security_groups(GroupIds=closed)["SecurityGroups"][0]["IpPermissions"], [])

    def test_rules_for_prefix_lists_and_other_groups_are_shown(self) -> None:
        ec2, network = (
            self.client("ec2"),
            self.tell("vpc", https=False, security_group_ids=["sg-11111111", "sg-22222222"]),
        )
        first, second = network["security_group_ids"]
        entries = {"MaxEntries": 2, "AddressFamily": "IPv4", "Entries": [{"Cidr": "10.0.0.0/8"}]}
        made = ec2.create_managed_prefix_list(PrefixListName="offices", **entries)["PrefixList"]["PrefixListId"]
        https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        for source in (
            {"PrefixListIds": [{"PrefixListId": made}]},
            {"UserIdGroupPairs": [{"GroupId": second}]},
            {"IpRanges": [{"CidrIp": "10.1.0.0/16", "Description": "vpn"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ):
            ec2.authorize_security_group_ingress(GroupId=first, IpPermissions=[https | source])
        ec2.authorize_security_group_ingress(
            GroupId=first, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": first}]}]
        )
        rules = ec2.describe_security_groups(GroupIds=[first])["SecurityGroups"][0]["IpPermissions"]
        shown = {
            key: [one for rule in rules for one in rule[key]] for key in ("PrefixListIds", "IpRanges", "Ipv6Ranges")
        }
        self.assertEqual([one["PrefixListId"] for one in shown["PrefixListIds"]], [made])
        self.assertEqual([one["CidrIp"] for one in shown["IpRanges"]], ["10.1.0.0/16"])
        self.assertEqual([one["CidrIpv6"] for one in shown["Ipv6Ranges"]], ["::/0"])
        pairs = {rule["IpProtocol"]: [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] for rule in rules}
        self.assertEqual(pairs["-1"], [first])
        self.assertEqual(pairs["tcp"], [second])

    def test_several_are_described_at_once_and_an_absent_one_is_a_failure(self) -> None:
        ec2, network = (
            self.client("ec2"),
            self.tell("vpc", zones=["a", "b", "c"], security_group_ids=["sg-1234", "sg-5678"]),
        )
        subnets = ec2.describe_subnets(SubnetIds=network["subnet_ids"][:2])["Subnets"]
        self.assertEqual([one["AvailabilityZone"] for one in subnets], [f"{REGION}a", f"{REGION}b"])
        self.assertEqual({one["VpcId"] for one in subnets}, {network["vpc_id"]})
        groups = ec2.describe_security_groups(GroupIds=network["security_group_ids"])["SecurityGroups"]
        self.assertEqual({one["GroupId"] for one in groups}, {"sg-1234", "sg-5678"})
        self.refused("InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=["subnet-12345678"])
        self.refused("InvalidGroup.NotFound", ec2.describe_security_groups, GroupIds=["sg-12345678"])
        self.refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=["vpc-12345678"])
