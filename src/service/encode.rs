//! Writing a Service: as a tree of values, and as JSON text in Go's order of fields (guide rules of `encoding/json` over the
//! structs of `k8s.io/api/core/v1`, v0.37.2).
//!
//! Empty strings, zeros, `false`, empty lists and maps are left out, pointers that are set are not, and `metadata`, `spec`,
//! `status` and `status.loadBalancer` are always there.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::table::{OWNER_REFERENCE, SERVICE, Struct};
use super::text_map::TextMap;
use super::types::{
    Condition, IntOrString, LoadBalancerIngress, ObjectMeta, OwnerReference, Service, ServicePort, ServiceSpec, ServiceStatus,
    SessionAffinityConfig,
};
use crate::path::Element;
use crate::value::{Map, Value, name};

impl Service {
    /// The Service as JSON, `apiVersion` and `kind` included; strings are borrowed.
    pub fn to_value(&self) -> Value<'_> {
        self.to_value_beside(None)
    }

    /// The same without the fields that another one has alike, but for what names the object: all that a comparison of the two
    /// has to see.
    pub(crate) fn to_value_beside<'a>(&'a self, other: Option<&'a Service>) -> Value<'a> {
        let mut object = Fields::of(self, other, 5);
        object.put("apiVersion", Value::from("v1"));
        object.put("kind", Value::from("Service"));
        object.put("metadata", metadata(&self.metadata, other.map(|other| &other.metadata)));
        object.put("spec", spec(&self.spec, other.map(|other| &other.spec)));
        if object.differs(|service| &service.status) {
            object.put("status", status(&self.status));
        }
        object.into()
    }

    /// The Service as the server writes it: compact JSON, fields in the order of Go's structs.
    pub fn to_json_text(&self) -> String {
        service_text(self.to_value())
    }
}

/// The value of a Service, managed fields included, as JSON text with members in the order of Go's structs.
pub(crate) fn service_text(value: Value<'_>) -> String {
    in_document_order(value).to_string()
}

/// Brings the value of a Service, managed fields included, into the order of Go's structs: it is a document's root then.
pub(crate) fn in_document_order(mut value: Value<'_>) -> Value<'_> {
    order(&mut value, &SERVICE);
    value
}

/// An owner reference as JSON text in the order of its struct.
pub(super) fn owner_reference_text(reference: &OwnerReference) -> String {
    let mut value = owner_reference(reference);
    order(&mut value, &OWNER_REFERENCE);
    value.to_string()
}

/// Brings a value that the struct of `table` made into its order; what lies outside a struct stays sorted.
fn order(value: &mut Value<'_>, table: &Struct) {
    match value {
        Value::Map(map) => {
            map.order_with(|key, member| {
                let (index, field) = table.find(key)?;
                match (field.name, field.inner) {
                    ("fieldsV1", _) => order_fields_v1(member),
                    (_, Some(inner)) => order(member, inner),
                    _ => {}
                }
                Some(index)
            });
        }
        Value::List(items) => items.iter_mut().for_each(|item| order(item, table)),
        _ => {}
    }
}

/// Brings owned fields into the order in which structured-merge-diff writes them: the item itself, fields by name, list items by
/// key, numbers by size.
fn order_fields_v1(fields: &mut Value<'_>) {
    let Value::Map(map) = fields else { return };
    map.iter_mut().for_each(|(_, inner)| order_fields_v1(inner));
    // A shortcut: the item itself and fields alone are in order.
    if !map.keys().all(|key| key == "." || key.starts_with("f:")) {
        map.order_with(|key, _| (key != ".", Element::from_fields_v1(key).ok().flatten().map(Element::into_owned)));
    }
}

/// An object under construction; keys are put in sorted order.
struct Object<'a> {
    entries: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Object<'a> {
    fn new(capacity: usize) -> Self {
        Object { entries: Vec::with_capacity(capacity) }
    }

    fn put(&mut self, key: &'static str, value: Value<'a>) {
        self.entries.push((Cow::Borrowed(key), value));
    }

    fn text(&mut self, key: &'static str, text: &'a str) {
        if !text.is_empty() {
            self.put(key, Value::from(text));
        }
    }

    fn optional_text(&mut self, key: &'static str, text: Option<&'a String>) {
        if let Some(text) = text {
            self.put(key, Value::from(text.as_str()));
        }
    }

    fn number(&mut self, key: &'static str, number: impl Into<i64>) {
        let number = number.into();
        if number != 0 {
            self.put(key, Value::from(number));
        }
    }

    fn truth(&mut self, key: &'static str, truth: Option<bool>) {
        if let Some(truth) = truth {
            self.put(key, Value::from(truth));
        }
    }

    fn list<T>(&mut self, key: &'static str, items: &'a [T], encode: impl Fn(&'a T) -> Value<'a>) {
        if !items.is_empty() {
            self.put(key, Value::List(items.iter().map(encode).collect()));
        }
    }
}

impl<'a> From<Object<'a>> for Value<'a> {
    fn from(object: Object<'a>) -> Self {
        Value::Map(Map::of_sorted(object.entries))
    }
}

/// The object of a struct under construction, where another one is given without the fields that it has alike.
struct Fields<'a, T> {
    this: &'a T,
    other: Option<&'a T>,
    object: Object<'a>,
}

impl<'a, T> Fields<'a, T> {
    fn of(this: &'a T, other: Option<&'a T>, capacity: usize) -> Self {
        Fields { this, other, object: Object::new(if other.is_some() { 4 } else { capacity }) }
    }

    fn differs<V: PartialEq + 'a>(&self, field: impl Fn(&'a T) -> &'a V) -> bool {
        self.other.is_none_or(|other| field(other) != field(self.this))
    }

    fn put(&mut self, key: &'static str, value: Value<'a>) {
        self.object.put(key, value);
    }

    fn text(&mut self, key: &'static str, field: impl Fn(&'a T) -> &'a String) {
        let text = field(self.this);
        if self.other.is_none_or(|other| !name::same(field(other), text)) {
            self.object.text(key, text);
        }
    }

    fn optional_text(&mut self, key: &'static str, field: impl Fn(&'a T) -> &'a Option<String>) {
        let text = field(self.this).as_ref();
        let same = |other: &'a T| match (field(other), text) {
            (Some(other), Some(text)) => name::same(other, text),
            (other, text) => other.is_none() && text.is_none(),
        };
        if self.other.is_none_or(|other| !same(other)) {
            self.object.optional_text(key, text);
        }
    }

    fn optional<V: Copy + PartialEq + Into<Value<'a>> + 'a>(
        &mut self,
        key: &'static str,
        field: impl Fn(&'a T) -> &'a Option<V>,
    ) {
        if self.differs(&field)
            && let Some(value) = *field(self.this)
        {
            self.put(key, value.into());
        }
    }

    fn number<N: Copy + PartialEq + Into<i64> + 'a>(&mut self, key: &'static str, field: impl Fn(&'a T) -> &'a N) {
        if self.differs(&field) {
            self.object.number(key, *field(self.this));
        }
    }

    fn texts(&mut self, key: &'static str, field: impl Fn(&'a T) -> &'a Vec<String>) {
        self.list(key, field, |text| Value::from(text.as_str()));
    }

    fn text_map(&mut self, key: &'static str, field: impl Fn(&'a T) -> &'a TextMap) {
        let texts = field(self.this);
        if !texts.is_empty() && self.differs(field) {
            self.put(key, texts.to_value());
        }
    }

    fn list<I: PartialEq + 'a>(
        &mut self,
        key: &'static str,
        field: impl Fn(&'a T) -> &'a Vec<I>,
        encode: impl Fn(&'a I) -> Value<'a>,
    ) {
        if self.differs(&field) {
            self.object.list(key, field(self.this), encode);
        }
    }
}

impl<'a, T> From<Fields<'a, T>> for Value<'a> {
    fn from(fields: Fields<'a, T>) -> Self {
        fields.object.into()
    }
}

fn metadata<'a>(metadata: &'a ObjectMeta, other: Option<&'a ObjectMeta>) -> Value<'a> {
    let mut object = Fields::of(metadata, other, 12);
    object.text_map("annotations", |metadata| &metadata.annotations);
    object.optional_text("creationTimestamp", |metadata| &metadata.creation_timestamp);
    object.optional("deletionGracePeriodSeconds", |metadata| &metadata.deletion_grace_period_seconds);
    object.optional_text("deletionTimestamp", |metadata| &metadata.deletion_timestamp);
    object.texts("finalizers", |metadata| &metadata.finalizers);
    object.text("generateName", |metadata| &metadata.generate_name);
    object.number("generation", |metadata| &metadata.generation);
    object.text_map("labels", |metadata| &metadata.labels);
    if metadata.managed_fields.as_list().is_some_and(|entries| !entries.is_empty())
        && object.differs(|metadata| &metadata.managed_fields)
    {
        object.put("managedFields", metadata.managed_fields.borrowed());
    }
    object.object.text("name", &metadata.name);
    object.object.text("namespace", &metadata.namespace);
    object.list("ownerReferences", |metadata| &metadata.owner_references, owner_reference);
    object.text("resourceVersion", |metadata| &metadata.resource_version);
    object.text("selfLink", |metadata| &metadata.self_link);
    object.object.text("uid", &metadata.uid);
    object.into()
}

/// Upstream: its four names have no `omitempty`.
fn owner_reference(reference: &OwnerReference) -> Value<'_> {
    let mut object = Object::new(6);
    object.put("apiVersion", Value::from(reference.api_version.as_str()));
    object.truth("blockOwnerDeletion", reference.block_owner_deletion);
    object.truth("controller", reference.controller);
    object.put("kind", Value::from(reference.kind.as_str()));
    object.put("name", Value::from(reference.name.as_str()));
    object.put("uid", Value::from(reference.uid.as_str()));
    object.into()
}

fn spec<'a>(spec: &'a ServiceSpec, other: Option<&'a ServiceSpec>) -> Value<'a> {
    let mut object = Fields::of(spec, other, 16);
    object.optional("allocateLoadBalancerNodePorts", |spec| &spec.allocate_load_balancer_node_ports);
    object.text("clusterIP", |spec| &spec.cluster_ip);
    object.texts("clusterIPs", |spec| &spec.cluster_ips);
    object.texts("externalIPs", |spec| &spec.external_ips);
    object.text("externalName", |spec| &spec.external_name);
    object.text("externalTrafficPolicy", |spec| &spec.external_traffic_policy);
    object.number("healthCheckNodePort", |spec| &spec.health_check_node_port);
    object.optional_text("internalTrafficPolicy", |spec| &spec.internal_traffic_policy);
    object.texts("ipFamilies", |spec| &spec.ip_families);
    object.optional_text("ipFamilyPolicy", |spec| &spec.ip_family_policy);
    object.optional_text("loadBalancerClass", |spec| &spec.load_balancer_class);
    object.text("loadBalancerIP", |spec| &spec.load_balancer_ip);
    object.texts("loadBalancerSourceRanges", |spec| &spec.load_balancer_source_ranges);
    object.list("ports", |spec| &spec.ports, port);
    if spec.publish_not_ready_addresses && object.differs(|spec| &spec.publish_not_ready_addresses) {
        object.put("publishNotReadyAddresses", Value::from(true));
    }
    object.text_map("selector", |spec| &spec.selector);
    object.text("sessionAffinity", |spec| &spec.session_affinity);
    if let Some(config) = &spec.session_affinity_config
        && object.differs(|spec| &spec.session_affinity_config)
    {
        object.put("sessionAffinityConfig", session_affinity_config(config));
    }
    object.optional_text("trafficDistribution", |spec| &spec.traffic_distribution);
    object.text("type", |spec| &spec.r#type);
    object.into()
}

fn port(port: &ServicePort) -> Value<'_> {
    let mut object = Object::new(6);
    object.optional_text("appProtocol", port.app_protocol.as_ref());
    object.text("name", &port.name);
    object.number("nodePort", port.node_port);
    object.put("port", Value::from(i64::from(port.port)));
    object.text("protocol", &port.protocol);
    let target = match &port.target_port {
        IntOrString::Int(number) => Value::from(i64::from(*number)),
        IntOrString::String(name) => Value::from(name.as_str()),
    };
    object.put("targetPort", target);
    object.into()
}

fn session_affinity_config(config: &SessionAffinityConfig) -> Value<'_> {
    let mut object = Object::new(1);
    if let Some(client_ip) = &config.client_ip {
        let mut inner = Object::new(1);
        if let Some(seconds) = client_ip.timeout_seconds {
            inner.put("timeoutSeconds", Value::from(i64::from(seconds)));
        }
        object.put("clientIP", inner.into());
    }
    object.into()
}

fn status(status: &ServiceStatus) -> Value<'_> {
    static NOTHING: OnceLock<Value<'static>> = OnceLock::new();
    // A shortcut: most Services have none.
    if status.conditions.is_empty() && status.load_balancer.ingress.is_empty() {
        let load_balancer = || ("loadBalancer", Value::Map(Map::new()));
        return NOTHING.get_or_init(|| Value::Map([load_balancer()].into_iter().collect())).borrowed();
    }
    let mut object = Object::new(1);
    object.list("conditions", &status.conditions, condition);
    let mut load_balancer = Object::new(0);
    load_balancer.list("ingress", &status.load_balancer.ingress, ingress);
    object.put("loadBalancer", load_balancer.into());
    object.into()
}

fn ingress(ingress: &LoadBalancerIngress) -> Value<'_> {
    let mut object = Object::new(4);
    object.text("hostname", &ingress.hostname);
    object.text("ip", &ingress.ip);
    object.optional_text("ipMode", ingress.ip_mode.as_ref());
    object.list("ports", &ingress.ports, |status| {
        let mut object = Object::new(3);
        object.optional_text("error", status.error.as_ref());
        object.put("port", Value::from(i64::from(status.port)));
        object.put("protocol", Value::from(status.protocol.as_str()));
        object.into()
    });
    object.into()
}

fn condition(condition: &Condition) -> Value<'_> {
    let mut object = Object::new(6);
    object.put("lastTransitionTime", condition.last_transition_time.as_deref().map_or(Value::Null, Value::from));
    object.put("message", Value::from(condition.message.as_str()));
    object.number("observedGeneration", condition.observed_generation);
    object.put("reason", Value::from(condition.reason.as_str()));
    object.put("status", Value::from(condition.status.as_str()));
    object.put("type", Value::from(condition.r#type.as_str()));
    object.into()
}

#[cfg(test)]
mod tests {
    use super::super::decode_json;
    use super::*;
    use crate::value::{parse, parse_document};

    /// Every field there is, in Go's order, written back as it was read.
    const FULL: &str = r#"{"kind":"Service","apiVersion":"v1","metadata":{"name":"n","generateName":"g","namespace":"ns","selfLink":"/","uid":"u","resourceVersion":"1","generation":1,"creationTimestamp":"2020-01-01T00:00:00Z","deletionTimestamp":"2020-01-01T00:00:00Z","deletionGracePeriodSeconds":0,"labels":{"a":"b"},"annotations":{"c":"\u003c"},"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"q","controller":true,"blockOwnerDeletion":false}],"finalizers":["f"],"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2020-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}},"subresource":"status"}]},"spec":{"ports":[{"name":"x","protocol":"TCP","appProtocol":"http","port":80,"targetPort":"web","nodePort":30000}],"selector":{"k":"v"},"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"type":"LoadBalancer","externalIPs":["1.1.1.1"],"sessionAffinity":"ClientIP","loadBalancerIP":"1.2.3.4","loadBalancerSourceRanges":["1.0.0.0/8"],"externalName":"e","externalTrafficPolicy":"Local","healthCheckNodePort":30001,"publishNotReadyAddresses":true,"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":10}},"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","allocateLoadBalancerNodePorts":false,"loadBalancerClass":"x/y","internalTrafficPolicy":"Cluster","trafficDistribution":"PreferClose"},"status":{"loadBalancer":{"ingress":[{"ip":"1.1.1.1","hostname":"h","ipMode":"VIP","ports":[{"port":1,"protocol":"TCP","error":"e"}]}]},"conditions":[{"type":"t","status":"True","observedGeneration":2,"lastTransitionTime":"2020-01-01T00:00:00Z","reason":"r","message":"m"}]}}"#;

    #[test]
    fn every_field_in_gos_order() {
        let service = decode_json(&parse_document(FULL.as_bytes()).unwrap()).unwrap().service;
        assert_eq!(service.to_json_text(), FULL);
        assert_eq!(service.to_value(), parse(FULL.as_bytes()).unwrap());
    }

    #[test]
    fn managed_fields_are_in_the_order_of_their_elements() {
        let text = r#"{"kind":"Service","apiVersion":"v1","metadata":{"managedFields":[{"fieldsV1":{"f:a":{},"f:b":{".":{},"k:{\"port\":80}":{},"k:{\"port\":443}":{},"v:1":{},"i:0":{}}}}]},"spec":{},"status":{"loadBalancer":{}}}"#;
        assert_eq!(service_text(parse(text.as_bytes()).unwrap()), text);
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let expect = r#"{"kind":"Service","apiVersion":"v1","metadata":{},"spec":{},"status":{"loadBalancer":{}}}"#;
        assert_eq!(Service::default().to_json_text(), expect);
    }
}
