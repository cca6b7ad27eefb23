//! The ids of subnets and security groups, and the services that are reached privately.

use std::str::FromStr;

use super::newtype::{Checked, Invalid, consists, newtype, readable};

const SUBNET: &str = "a subnet's id such as `subnet-0123456789abcdef0`";
const GROUP: &str = "a security group's id such as `sg-0123456789abcdef0`";
const SERVICE: &str = "`sts` or `logs`";

newtype! {
    /// A subnet of a VPC.
    SubnetId,
    must: SUBNET,
    check: |text| check(text, "subnet-", SUBNET),
    pattern: "^subnet-([0-9a-f]{8}|[0-9a-f]{17})$"
}

newtype! {
    /// A security group of a VPC.
    SecurityGroupId,
    must: GROUP,
    check: |text| check(text, "sg-", GROUP),
    pattern: "^sg-([0-9a-f]{8}|[0-9a-f]{17})$"
}

/// A service that can have a private endpoint besides Bedrock's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointService {
    /// For those who take the role from within the network.
    Sts,
    /// For those who read or write logs from there.
    Logs,
}

impl Checked for EndpointService {
    const MUST: &'static str = SERVICE;
}

readable!(EndpointService, "^(sts|logs)$");

impl FromStr for EndpointService {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid::new(SERVICE);
        match text {
            "sts" => Ok(Self::Sts),
            "logs" => Ok(Self::Logs),
            "bedrock" | "bedrock-runtime" => {
                Err(invalid.why("Bedrock always has its endpoints here").hint("leave it out"))
            }
            _ => Err(invalid),
        }
    }
}

impl EndpointService {
    /// As in the service's endpoint: `com.amazonaws.REGION.NAME`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Logs => "logs",
        }
    }
}

fn check(text: &str, prefix: &str, must: &'static str) -> Result<(), Invalid> {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_id = |text: &str| consists(text, 8, 8, hex) || consists(text, 17, 17, hex);
    if text.strip_prefix(prefix).is_some_and(is_id) {
        return Ok(());
    }
    let invalid = Invalid::new(must);
    let [subnet, group] = [text.starts_with("subnet-"), text.starts_with("sg-")];
    Err(match prefix {
        "subnet-" if group => invalid.why("it is a security group"),
        "sg-" if subnet => invalid.why("it is a subnet"),
        _ if is_id(text) => invalid.did_you_mean(&format!("{prefix}{text}")),
        _ => invalid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_eight_or_seventeen_hexadecimal_digits() {
        "subnet-12345678".parse::<SubnetId>().unwrap();
        "sg-0123456789abcdef0".parse::<SecurityGroupId>().unwrap();
        for bad in ["", "subnet-", "subnet-1234567", "subnet-1234567g", "vpc-12345678"] {
            bad.parse::<SubnetId>().unwrap_err();
        }
        let swapped = "sg-12345678".parse::<SubnetId>().unwrap_err();
        assert_eq!(swapped.why.as_deref(), Some("it is a security group"));
    }
}
