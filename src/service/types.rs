//! The Service as the server holds it: Go's `v1.Service` of `k8s.io/api/core/v1/types.go` and `metav1.ObjectMeta`, v0.37.2.
//!
//! Field for field; what is a pointer in Go is an [`Option`] here. Types of Go that are named strings (`v1.Protocol`) are plain
//! strings, because the server keeps unknown values until it validates. Times are held as the server writes them.
//!
//! Left out: the difference between an absent and an empty list or map, which no reply shows.

use super::text_map::TextMap;
use crate::value::Value;

/// A `v1` Service.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Service {
    /// The object's metadata.
    pub metadata: ObjectMeta,
    /// What its owner wants.
    pub spec: ServiceSpec,
    /// What controllers made of it.
    pub status: ServiceStatus,
}

/// `metav1.ObjectMeta`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ObjectMeta {
    /// The name, unique in its namespace.
    pub name: String,
    /// The prefix of a name that the server completes.
    pub generate_name: String,
    /// The namespace.
    pub namespace: String,
    /// A field that the server ignores since 1.20.
    pub self_link: String,
    /// The identity that the server gave.
    pub uid: String,
    /// The version that the server gave.
    pub resource_version: String,
    /// A count of changes to the spec; Services have none of their own.
    pub generation: i64,
    /// When it was created, as `2006-01-02T15:04:05Z`.
    pub creation_timestamp: Option<String>,
    /// When its deletion was asked for.
    pub deletion_timestamp: Option<String>,
    /// How long its deletion may take.
    pub deletion_grace_period_seconds: Option<i64>,
    /// Labels.
    pub labels: TextMap,
    /// Annotations.
    pub annotations: TextMap,
    /// Objects that this one depends on.
    pub owner_references: Vec<OwnerReference>,
    /// Who must agree before it is gone.
    pub finalizers: Vec<String>,
    /// Field ownership: a list of entries, or `null`.
    pub managed_fields: Value<'static>,
}

/// `metav1.OwnerReference`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OwnerReference {
    /// The owner's API version.
    pub api_version: String,
    /// The owner's kind.
    pub kind: String,
    /// The owner's name.
    pub name: String,
    /// The owner's uid.
    pub uid: String,
    /// Whether the owner is the managing controller.
    pub controller: Option<bool>,
    /// Whether this object holds up the owner's deletion.
    pub block_owner_deletion: Option<bool>,
}

/// `v1.ServiceSpec`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ServiceSpec {
    /// The ports it opens.
    pub ports: Vec<ServicePort>,
    /// The pods it sends traffic to.
    pub selector: TextMap,
    /// The primary cluster IP, or `None`.
    pub cluster_ip: String,
    /// All cluster IPs.
    pub cluster_ips: Vec<String>,
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    pub r#type: String,
    /// Addresses outside that also lead here.
    pub external_ips: Vec<String>,
    /// `None` or `ClientIP`.
    pub session_affinity: String,
    /// The address asked of the load balancer.
    pub load_balancer_ip: String,
    /// Who may use the load balancer.
    pub load_balancer_source_ranges: Vec<String>,
    /// The name that an ExternalName Service stands for.
    pub external_name: String,
    /// `Cluster` or `Local`, for traffic from outside.
    pub external_traffic_policy: String,
    /// The node port of the health check.
    pub health_check_node_port: i32,
    /// Whether pods that are not ready are published.
    pub publish_not_ready_addresses: bool,
    /// Settings of the session affinity.
    pub session_affinity_config: Option<SessionAffinityConfig>,
    /// `IPv4`, `IPv6`, or both.
    pub ip_families: Vec<String>,
    /// `SingleStack`, `PreferDualStack` or `RequireDualStack`.
    pub ip_family_policy: Option<String>,
    /// Whether a load balancer gets node ports.
    pub allocate_load_balancer_node_ports: Option<bool>,
    /// Which load balancer implementation serves it.
    pub load_balancer_class: Option<String>,
    /// `Cluster` or `Local`, for traffic from inside.
    pub internal_traffic_policy: Option<String>,
    /// How traffic prefers its endpoints.
    pub traffic_distribution: Option<String>,
}

/// `v1.ServicePort`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ServicePort {
    /// The port's name, unique among the ports.
    pub name: String,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// The application protocol.
    pub app_protocol: Option<String>,
    /// The port that the Service opens.
    pub port: i32,
    /// The pods' port.
    pub target_port: IntOrString,
    /// The port on every node.
    pub node_port: i32,
}

/// `intstr.IntOrString`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A name.
    String(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        IntOrString::Int(0)
    }
}

/// `v1.SessionAffinityConfig`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SessionAffinityConfig {
    /// Settings of `ClientIP` affinity.
    pub client_ip: Option<ClientIPConfig>,
}

/// `v1.ClientIPConfig`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ClientIPConfig {
    /// How long a client stays with a pod.
    pub timeout_seconds: Option<i32>,
}

/// `v1.ServiceStatus`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ServiceStatus {
    /// The load balancer's state.
    pub load_balancer: LoadBalancerStatus,
    /// Conditions.
    pub conditions: Vec<Condition>,
}

/// `v1.LoadBalancerStatus`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LoadBalancerStatus {
    /// Where traffic comes in.
    pub ingress: Vec<LoadBalancerIngress>,
}

/// `v1.LoadBalancerIngress`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LoadBalancerIngress {
    /// The ingress' address.
    pub ip: String,
    /// The ingress' name.
    pub hostname: String,
    /// `VIP` or `Proxy`.
    pub ip_mode: Option<String>,
    /// The state of its ports.
    pub ports: Vec<PortStatus>,
}

/// `v1.PortStatus`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PortStatus {
    /// The port.
    pub port: i32,
    /// Its protocol.
    pub protocol: String,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// `metav1.Condition`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// The condition's type.
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// The generation that it was observed at.
    pub observed_generation: i64,
    /// When it last changed.
    pub last_transition_time: Option<String>,
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
}

/// The values of `spec.type`.
pub(crate) mod service_type {
    pub(crate) const CLUSTER_IP: &str = "ClusterIP";
    pub(crate) const NODE_PORT: &str = "NodePort";
    pub(crate) const LOAD_BALANCER: &str = "LoadBalancer";
    pub(crate) const EXTERNAL_NAME: &str = "ExternalName";
}

impl ServiceSpec {
    /// Whether the type is ExternalName.
    pub(crate) fn is_external_name(&self) -> bool {
        self.r#type == service_type::EXTERNAL_NAME
    }

    /// Whether the type is LoadBalancer.
    pub(crate) fn is_load_balancer(&self) -> bool {
        self.r#type == service_type::LOAD_BALANCER
    }

    /// Whether the type is NodePort.
    pub(crate) fn is_node_port(&self) -> bool {
        self.r#type == service_type::NODE_PORT
    }

    /// Whether the type is ClusterIP.
    pub(crate) fn is_cluster_ip(&self) -> bool {
        self.r#type == service_type::CLUSTER_IP
    }

    /// Whether the type is one that opens node ports: NodePort or LoadBalancer.
    pub(crate) fn opens_node_ports(&self) -> bool {
        self.is_node_port() || self.is_load_balancer()
    }

    /// `service.ExternallyAccessible` of `pkg/api/service/util.go`.
    pub(crate) fn is_externally_accessible(&self) -> bool {
        self.opens_node_ports() || self.is_cluster_ip() && !self.external_ips.is_empty()
    }

    /// `service.NeedsHealthCheck` of `pkg/api/service/util.go`.
    pub(crate) fn needs_health_check(&self) -> bool {
        self.is_load_balancer() && self.external_traffic_policy == "Local"
    }

    /// Whether the cluster IPs are exactly `["None"]`.
    pub(crate) fn is_headless(&self) -> bool {
        matches!(&*self.cluster_ips, [only] if only == CLUSTER_IP_NONE)
    }
}

/// The cluster IP of a headless Service.
pub(crate) const CLUSTER_IP_NONE: &str = "None";
