//! The Go structs that make up a Service, as data: which fields, in which order, of which Go type (`k8s.io/api/core/v1`,
//! `metav1`, v0.37.2).
//!
//! One table serves both decoders, whose messages name Go's types, and the writer, which follows Go's order of fields. [`Fields`]
//! ties a row to the place in the typed [`Service`] that it fills.

use super::text_map::TextMap;
use super::types::{
    ClientIPConfig, Condition, IntOrString, LoadBalancerIngress, LoadBalancerStatus, ObjectMeta, OwnerReference, PortStatus,
    Service, ServicePort, ServiceSpec, ServiceStatus, SessionAffinityConfig,
};
use crate::value::{Value, name};

/// A struct of Go.
#[derive(Debug)]
pub(super) struct Struct {
    /// Its name without the package.
    pub(super) name: &'static str,
    /// Its fields in the order of the source.
    pub(super) fields: &'static [Field],
}

/// A field of a struct of Go.
#[derive(Debug)]
pub(super) struct Field {
    /// The name in JSON.
    pub(super) name: &'static str,
    /// The head of the name, by which most others are told from it.
    head: u64,
    /// Go's type as messages print it, pointers followed.
    pub(super) go_type: &'static str,
    /// The struct that it holds, once or as a list.
    pub(super) inner: Option<&'static Struct>,
}

impl Struct {
    /// The field `name` and its index; names are compared exactly, as the server does.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &'static Field)> {
        let head = name::head(name);
        self.fields.iter().enumerate().find(|(_, field)| field.head == head && name::same(field.name, name))
    }
}

pub(super) const fn plain(name: &'static str, go_type: &'static str) -> Field {
    Field { name, head: name::head(name), go_type, inner: None }
}

pub(super) const fn nested(name: &'static str, go_type: &'static str, inner: &'static Struct) -> Field {
    Field { name, head: name::head(name), go_type, inner: Some(inner) }
}

pub(super) static SERVICE: Struct = Struct {
    name: "Service",
    fields: &[
        plain("kind", "string"),
        plain("apiVersion", "string"),
        nested("metadata", "v1.ObjectMeta", &OBJECT_META),
        nested("spec", "v1.ServiceSpec", &SERVICE_SPEC),
        nested("status", "v1.ServiceStatus", &SERVICE_STATUS),
    ],
};

static OBJECT_META: Struct = Struct {
    name: "ObjectMeta",
    fields: &[
        plain("name", "string"),
        plain("generateName", "string"),
        plain("namespace", "string"),
        plain("selfLink", "string"),
        plain("uid", "types.UID"),
        plain("resourceVersion", "string"),
        plain("generation", "int64"),
        plain("creationTimestamp", "v1.Time"),
        plain("deletionTimestamp", "v1.Time"),
        plain("deletionGracePeriodSeconds", "int64"),
        plain("labels", "map[string]string"),
        plain("annotations", "map[string]string"),
        nested("ownerReferences", "[]v1.OwnerReference", &OWNER_REFERENCE),
        plain("finalizers", "[]string"),
        nested("managedFields", "[]v1.ManagedFieldsEntry", &MANAGED_FIELDS_ENTRY),
    ],
};

pub(super) static OWNER_REFERENCE: Struct = Struct {
    name: "OwnerReference",
    fields: &[
        plain("apiVersion", "string"),
        plain("kind", "string"),
        plain("name", "string"),
        plain("uid", "types.UID"),
        plain("controller", "bool"),
        plain("blockOwnerDeletion", "bool"),
    ],
};

static MANAGED_FIELDS_ENTRY: Struct = Struct {
    name: "ManagedFieldsEntry",
    fields: &[
        plain("manager", "string"),
        plain("operation", "v1.ManagedFieldsOperationType"),
        plain("apiVersion", "string"),
        plain("time", "v1.Time"),
        plain("fieldsType", "string"),
        plain("fieldsV1", "v1.FieldsV1"),
        plain("subresource", "string"),
    ],
};

static SERVICE_SPEC: Struct = Struct {
    name: "ServiceSpec",
    fields: &[
        nested("ports", "[]v1.ServicePort", &SERVICE_PORT),
        plain("selector", "map[string]string"),
        plain("clusterIP", "string"),
        plain("clusterIPs", "[]string"),
        plain("type", "v1.ServiceType"),
        plain("externalIPs", "[]string"),
        plain("sessionAffinity", "v1.ServiceAffinity"),
        plain("loadBalancerIP", "string"),
        plain("loadBalancerSourceRanges", "[]string"),
        plain("externalName", "string"),
        plain("externalTrafficPolicy", "v1.ServiceExternalTrafficPolicy"),
        plain("healthCheckNodePort", "int32"),
        plain("publishNotReadyAddresses", "bool"),
        nested("sessionAffinityConfig", "v1.SessionAffinityConfig", &SESSION_AFFINITY_CONFIG),
        plain("ipFamilies", "[]v1.IPFamily"),
        plain("ipFamilyPolicy", "v1.IPFamilyPolicy"),
        plain("allocateLoadBalancerNodePorts", "bool"),
        plain("loadBalancerClass", "string"),
        plain("internalTrafficPolicy", "v1.ServiceInternalTrafficPolicy"),
        plain("trafficDistribution", "string"),
    ],
};

static SERVICE_PORT: Struct = Struct {
    name: "ServicePort",
    fields: &[
        plain("name", "string"),
        plain("protocol", "v1.Protocol"),
        plain("appProtocol", "string"),
        plain("port", "int32"),
        plain("targetPort", "int32"),
        plain("nodePort", "int32"),
    ],
};

static SESSION_AFFINITY_CONFIG: Struct =
    Struct { name: "SessionAffinityConfig", fields: &[nested("clientIP", "v1.ClientIPConfig", &CLIENT_IP_CONFIG)] };

static CLIENT_IP_CONFIG: Struct = Struct { name: "ClientIPConfig", fields: &[plain("timeoutSeconds", "int32")] };

static SERVICE_STATUS: Struct = Struct {
    name: "ServiceStatus",
    fields: &[
        nested("loadBalancer", "v1.LoadBalancerStatus", &LOAD_BALANCER_STATUS),
        nested("conditions", "[]v1.Condition", &CONDITION),
    ],
};

static LOAD_BALANCER_STATUS: Struct =
    Struct { name: "LoadBalancerStatus", fields: &[nested("ingress", "[]v1.LoadBalancerIngress", &LOAD_BALANCER_INGRESS)] };

static LOAD_BALANCER_INGRESS: Struct = Struct {
    name: "LoadBalancerIngress",
    fields: &[
        plain("ip", "string"),
        plain("hostname", "string"),
        plain("ipMode", "v1.LoadBalancerIPMode"),
        nested("ports", "[]v1.PortStatus", &PORT_STATUS),
    ],
};

static PORT_STATUS: Struct =
    Struct { name: "PortStatus", fields: &[plain("port", "int32"), plain("protocol", "v1.Protocol"), plain("error", "string")] };

static CONDITION: Struct = Struct {
    name: "Condition",
    fields: &[
        plain("type", "string"),
        plain("status", "v1.ConditionStatus"),
        plain("observedGeneration", "int64"),
        plain("lastTransitionTime", "v1.Time"),
        plain("reason", "string"),
        plain("message", "string"),
    ],
};

/// Another kind with an `ObjectMeta`, and the Go types of its `spec` and `status`, if it has them.
pub(super) struct OtherKind {
    pub(super) name: &'static str,
    pub(super) spec: &'static str,
    pub(super) status: &'static str,
}

const fn other(name: &'static str, spec: &'static str, status: &'static str) -> OtherKind {
    OtherKind { name, spec, status }
}

/// The kinds of the core group that have metadata of their own.
pub(super) static OTHER_KINDS: &[OtherKind] = &[
    other("Binding", "", ""),
    other("ComponentStatus", "", ""),
    other("ConfigMap", "", ""),
    other("Endpoints", "", ""),
    other("Event", "", ""),
    other("LimitRange", "v1.LimitRangeSpec", ""),
    other("Namespace", "v1.NamespaceSpec", "v1.NamespaceStatus"),
    other("Node", "v1.NodeSpec", "v1.NodeStatus"),
    other("PersistentVolume", "v1.PersistentVolumeSpec", "v1.PersistentVolumeStatus"),
    other("PersistentVolumeClaim", "v1.PersistentVolumeClaimSpec", "v1.PersistentVolumeClaimStatus"),
    other("Pod", "v1.PodSpec", "v1.PodStatus"),
    other("PodTemplate", "", ""),
    other("RangeAllocation", "", ""),
    other("ReplicationController", "v1.ReplicationControllerSpec", "v1.ReplicationControllerStatus"),
    other("ResourceQuota", "v1.ResourceQuotaSpec", "v1.ResourceQuotaStatus"),
    other("Secret", "", ""),
    other("ServiceAccount", "", ""),
];

/// The place that a field's value goes to; the variant is what Go's decoders switch on.
pub(super) enum Slot<'s> {
    Text(&'s mut String),
    OptionalText(&'s mut Option<String>),
    Int32(&'s mut i32),
    OptionalInt32(&'s mut Option<i32>),
    Int64(&'s mut i64),
    OptionalInt64(&'s mut Option<i64>),
    Bool(&'s mut bool),
    OptionalBool(&'s mut Option<bool>),
    IntOrString(&'s mut IntOrString),
    Time(&'s mut Option<String>),
    /// Kept as it is.
    Raw(&'s mut Value<'static>),
    Texts(&'s mut Vec<String>),
    TextMap(&'s mut TextMap),
    Struct(&'s mut dyn Fields),
    OptionalStruct(&'s mut dyn Pointer),
    Structs(&'s mut dyn Items),
    /// A list of `metav1.ManagedFieldsEntry`, kept as a value.
    ManagedFields(&'s mut Value<'static>),
}

/// A typed struct whose fields can be filled by name.
pub(super) trait Fields {
    /// Its row in the table.
    fn go_struct(&self) -> &'static Struct;
    /// The place of the field with this JSON name.
    fn slot(&mut self, name: &str) -> Option<Slot<'_>>;
}

/// A pointer to a struct.
pub(super) trait Pointer {
    fn clear(&mut self);
    /// What it points to, made first if it was null.
    fn target(&mut self) -> &mut dyn Fields;
}

impl<T: Fields + Default> Pointer for Option<T> {
    fn clear(&mut self) {
        *self = None;
    }

    fn target(&mut self) -> &mut dyn Fields {
        self.get_or_insert_default()
    }
}

/// A list of structs.
pub(super) trait Items {
    fn truncate(&mut self, length: usize);
    /// Hands the item at `index`, or a new one behind the last, to `fill`.
    fn fill(&mut self, index: usize, fill: &mut dyn FnMut(&mut dyn Fields) -> Result<(), String>) -> Result<(), String>;
}

impl<T: Fields + Default> Items for Vec<T> {
    fn truncate(&mut self, length: usize) {
        Vec::truncate(self, length);
    }

    fn fill(&mut self, index: usize, fill: &mut dyn FnMut(&mut dyn Fields) -> Result<(), String>) -> Result<(), String> {
        if let Some(item) = self.get_mut(index) {
            return fill(item);
        }
        let mut item = T::default();
        fill(&mut item)?;
        self.push(item);
        Ok(())
    }
}

/// The outermost object: `metav1.TypeMeta` inlined before the Service's own fields.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) kind: String,
    pub(super) api_version: String,
    pub(super) service: Service,
}

/// `metav1.ManagedFieldsEntry`, on its way to a value.
#[derive(Default)]
pub(super) struct ManagedFieldsEntry {
    pub(super) manager: String,
    pub(super) operation: String,
    pub(super) api_version: String,
    pub(super) time: Option<String>,
    pub(super) fields_type: String,
    pub(super) fields_v1: Value<'static>,
    pub(super) subresource: String,
}

impl Fields for Typed {
    fn go_struct(&self) -> &'static Struct {
        &SERVICE
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "kind" => Slot::Text(&mut self.kind),
            "apiVersion" => Slot::Text(&mut self.api_version),
            "metadata" => Slot::Struct(&mut self.service.metadata),
            "spec" => Slot::Struct(&mut self.service.spec),
            "status" => Slot::Struct(&mut self.service.status),
            _ => return None,
        })
    }
}

impl Fields for ObjectMeta {
    fn go_struct(&self) -> &'static Struct {
        &OBJECT_META
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "name" => Slot::Text(&mut self.name),
            "generateName" => Slot::Text(&mut self.generate_name),
            "namespace" => Slot::Text(&mut self.namespace),
            "selfLink" => Slot::Text(&mut self.self_link),
            "uid" => Slot::Text(&mut self.uid),
            "resourceVersion" => Slot::Text(&mut self.resource_version),
            "generation" => Slot::Int64(&mut self.generation),
            "creationTimestamp" => Slot::Time(&mut self.creation_timestamp),
            "deletionTimestamp" => Slot::Time(&mut self.deletion_timestamp),
            "deletionGracePeriodSeconds" => Slot::OptionalInt64(&mut self.deletion_grace_period_seconds),
            "labels" => Slot::TextMap(&mut self.labels),
            "annotations" => Slot::TextMap(&mut self.annotations),
            "ownerReferences" => Slot::Structs(&mut self.owner_references),
            "finalizers" => Slot::Texts(&mut self.finalizers),
            "managedFields" => Slot::ManagedFields(&mut self.managed_fields),
            _ => return None,
        })
    }
}

impl Fields for OwnerReference {
    fn go_struct(&self) -> &'static Struct {
        &OWNER_REFERENCE
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "apiVersion" => Slot::Text(&mut self.api_version),
            "kind" => Slot::Text(&mut self.kind),
            "name" => Slot::Text(&mut self.name),
            "uid" => Slot::Text(&mut self.uid),
            "controller" => Slot::OptionalBool(&mut self.controller),
            "blockOwnerDeletion" => Slot::OptionalBool(&mut self.block_owner_deletion),
            _ => return None,
        })
    }
}

impl Fields for ManagedFieldsEntry {
    fn go_struct(&self) -> &'static Struct {
        &MANAGED_FIELDS_ENTRY
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "manager" => Slot::Text(&mut self.manager),
            "operation" => Slot::Text(&mut self.operation),
            "apiVersion" => Slot::Text(&mut self.api_version),
            "time" => Slot::Time(&mut self.time),
            "fieldsType" => Slot::Text(&mut self.fields_type),
            "fieldsV1" => Slot::Raw(&mut self.fields_v1),
            "subresource" => Slot::Text(&mut self.subresource),
            _ => return None,
        })
    }
}

impl Fields for ServiceSpec {
    fn go_struct(&self) -> &'static Struct {
        &SERVICE_SPEC
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "ports" => Slot::Structs(&mut self.ports),
            "selector" => Slot::TextMap(&mut self.selector),
            "clusterIP" => Slot::Text(&mut self.cluster_ip),
            "clusterIPs" => Slot::Texts(&mut self.cluster_ips),
            "type" => Slot::Text(&mut self.r#type),
            "externalIPs" => Slot::Texts(&mut self.external_ips),
            "sessionAffinity" => Slot::Text(&mut self.session_affinity),
            "loadBalancerIP" => Slot::Text(&mut self.load_balancer_ip),
            "loadBalancerSourceRanges" => Slot::Texts(&mut self.load_balancer_source_ranges),
            "externalName" => Slot::Text(&mut self.external_name),
            "externalTrafficPolicy" => Slot::Text(&mut self.external_traffic_policy),
            "healthCheckNodePort" => Slot::Int32(&mut self.health_check_node_port),
            "publishNotReadyAddresses" => Slot::Bool(&mut self.publish_not_ready_addresses),
            "sessionAffinityConfig" => Slot::OptionalStruct(&mut self.session_affinity_config),
            "ipFamilies" => Slot::Texts(&mut self.ip_families),
            "ipFamilyPolicy" => Slot::OptionalText(&mut self.ip_family_policy),
            "allocateLoadBalancerNodePorts" => Slot::OptionalBool(&mut self.allocate_load_balancer_node_ports),
            "loadBalancerClass" => Slot::OptionalText(&mut self.load_balancer_class),
            "internalTrafficPolicy" => Slot::OptionalText(&mut self.internal_traffic_policy),
            "trafficDistribution" => Slot::OptionalText(&mut self.traffic_distribution),
            _ => return None,
        })
    }
}

impl Fields for ServicePort {
    fn go_struct(&self) -> &'static Struct {
        &SERVICE_PORT
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "name" => Slot::Text(&mut self.name),
            "protocol" => Slot::Text(&mut self.protocol),
            "appProtocol" => Slot::OptionalText(&mut self.app_protocol),
            "port" => Slot::Int32(&mut self.port),
            "targetPort" => Slot::IntOrString(&mut self.target_port),
            "nodePort" => Slot::Int32(&mut self.node_port),
            _ => return None,
        })
    }
}

impl Fields for SessionAffinityConfig {
    fn go_struct(&self) -> &'static Struct {
        &SESSION_AFFINITY_CONFIG
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        (name == "clientIP").then_some(Slot::OptionalStruct(&mut self.client_ip))
    }
}

impl Fields for ClientIPConfig {
    fn go_struct(&self) -> &'static Struct {
        &CLIENT_IP_CONFIG
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        (name == "timeoutSeconds").then_some(Slot::OptionalInt32(&mut self.timeout_seconds))
    }
}

impl Fields for ServiceStatus {
    fn go_struct(&self) -> &'static Struct {
        &SERVICE_STATUS
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "loadBalancer" => Slot::Struct(&mut self.load_balancer),
            "conditions" => Slot::Structs(&mut self.conditions),
            _ => return None,
        })
    }
}

impl Fields for LoadBalancerStatus {
    fn go_struct(&self) -> &'static Struct {
        &LOAD_BALANCER_STATUS
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        (name == "ingress").then_some(Slot::Structs(&mut self.ingress))
    }
}

impl Fields for LoadBalancerIngress {
    fn go_struct(&self) -> &'static Struct {
        &LOAD_BALANCER_INGRESS
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "ip" => Slot::Text(&mut self.ip),
            "hostname" => Slot::Text(&mut self.hostname),
            "ipMode" => Slot::OptionalText(&mut self.ip_mode),
            "ports" => Slot::Structs(&mut self.ports),
            _ => return None,
        })
    }
}

impl Fields for PortStatus {
    fn go_struct(&self) -> &'static Struct {
        &PORT_STATUS
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "port" => Slot::Int32(&mut self.port),
            "protocol" => Slot::Text(&mut self.protocol),
            "error" => Slot::OptionalText(&mut self.error),
            _ => return None,
        })
    }
}

impl Fields for Condition {
    fn go_struct(&self) -> &'static Struct {
        &CONDITION
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "type" => Slot::Text(&mut self.r#type),
            "status" => Slot::Text(&mut self.status),
            "observedGeneration" => Slot::Int64(&mut self.observed_generation),
            "lastTransitionTime" => Slot::Time(&mut self.last_transition_time),
            "reason" => Slot::Text(&mut self.reason),
            "message" => Slot::Text(&mut self.message),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row of a struct's table has its place, and structs below are reached too.
    fn check(fields: &mut dyn Fields) {
        let table = fields.go_struct();
        for field in table.fields {
            let slot = fields.slot(field.name).unwrap_or_else(|| panic!("{}.{} has no place", table.name, field.name));
            match slot {
                Slot::Struct(inner) => check(inner),
                Slot::OptionalStruct(pointer) => check(pointer.target()),
                Slot::Structs(items) => items
                    .fill(0, &mut |item| {
                        check(item);
                        Ok(())
                    })
                    .unwrap(),
                Slot::ManagedFields(_) => check(&mut ManagedFieldsEntry::default()),
                _ => assert!(field.inner.is_none(), "{}.{}", table.name, field.name),
            }
        }
        assert!(fields.slot("noSuchField").is_none());
    }

    #[test]
    fn every_row_has_its_place() {
        check(&mut Typed::default());
    }
}
