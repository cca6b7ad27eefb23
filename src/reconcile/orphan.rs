//! What a tenant left behind in its cloud.

/// Something of ours that nothing speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Orphan {
    /// As the user types it elsewhere: `aws.logs.group//aws/bedrock/old`.
    pub id: String,
    /// What its cloud calls it, of all that there is in that cloud: an ARN, say.
    pub full_name: String,
    /// The command that removes it.
    pub removal: String,
}
