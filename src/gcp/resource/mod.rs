//! One file for each kind of thing that we keep in a project.

mod aiplatform_model;
mod aiplatform_quota;
mod alert_policy;
mod billing_budget;
mod compute_address;
mod compute_forwarding_rule;
mod compute_network;
mod compute_private_google_access;
mod dns_managed_zone;
mod dns_record_set;
mod monitoring;
mod notification_channel;
mod service_account;
mod services;

pub(super) use aiplatform_model::Model;
pub(super) use aiplatform_quota::Quota;
pub(super) use alert_policy::{AlertPolicy, AlertPolicyOutput};
pub(super) use billing_budget::{Budget, BudgetOutput};
pub(super) use compute_address::{Address, AddressOutput};
pub(super) use compute_forwarding_rule::ForwardingRule;
pub(super) use compute_network::{Network, NetworkOutput, Subnetwork, SubnetworkOutput};
pub(super) use compute_private_google_access::PrivateGoogleAccess;
pub(super) use dns_managed_zone::{ManagedZone, ManagedZoneOutput};
pub(super) use dns_record_set::RecordSet;
pub(super) use notification_channel::{NotificationChannel, NotificationChannelOutput, Recipient};
pub(super) use service_account::ServiceAccount;
pub(super) use services::Services;
