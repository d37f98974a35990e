//! Field ownership around a write: what the server keeps in `metadata.managedFields`.
//!
//! Upstream: apimachinery v0.37.2 `pkg/util/managedfields`, apiserver v0.37.2 `pkg/endpoints/handlers/fieldmanager`. The rules are
//! [`structured`]'s; here they meet the typed Service.

use std::sync::{Arc, OnceLock};

use super::Object;
use super::managed_fields::ManagedFields;
use super::status::{Cause, Status};
use super::write::Stop;
use crate::Error;
use crate::error::Kind;
use crate::path::Path;
use crate::schema::Schema;
use crate::service::{self, Service};
use crate::structured::{self, ApplyOutcome, Applying, Endpoint, Managers, Merged, Set, Time, Updating};
use crate::value::Value;

/// The endpoint of Services: `status` is out of its reach.
pub(super) fn endpoint() -> Arc<Endpoint> {
    static ENDPOINT: OnceLock<Arc<Endpoint>> = OnceLock::new();
    let made = ENDPOINT.get_or_init(|| {
        let status: Set<'static> = [Path::new().field("status")].into_iter().collect();
        let empty = Service::default().to_value().into_owned();
        Arc::new(Endpoint::new(Schema::service(), "v1", "Service").reset(status).empty(empty).typed())
    });
    Arc::clone(made)
}

/// Who writes, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'w> {
    pub(super) manager: &'w str,
    pub(super) now: &'w str,
}

impl Writer<'_> {
    fn time(&self) -> Result<Time, Error> {
        self.now.parse()
    }
}

/// Takes the managed fields that an object brings along, and answers those that it gets where it is written by anything but an
/// apply.
pub(super) fn update(
    live: Option<&Object>,
    new: &mut Service,
    writer: Writer<'_>,
    endpoint: &Endpoint,
    trace: &mut dyn structured::Trace,
) -> Result<ManagedFields, Error> {
    let sent = std::mem::take(&mut new.metadata.managed_fields);
    let before = live.map(|live| live.managed_fields().clone()).unwrap_or_default();
    let empty = Service::default();
    let old = live.map_or(&empty, Object::service);
    let updating = Updating {
        live: &old.to_value_beside(Some(new)),
        new: &new.to_value_beside(Some(old)),
        managers: Managers::of_sent(&sent).unwrap_or_else(|| before.managers(endpoint)),
        manager: writer.manager,
        now: writer.time()?,
    };
    Ok(match structured::update_managers(updating, endpoint, trace) {
        Ok(managers) => before.followed_by(managers),
        // Upstream: where it fails, the live ones stay and the write goes on.
        Err(_) => before.clone(),
    })
}

/// What is applied, and with which force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configuration<'w> {
    pub(super) object: &'w Value<'w>,
    pub(super) force: structured::Force,
}

/// The Service that an apply makes of the live one, with its defaults, and its managed fields.
pub(super) fn apply(
    live: Option<&Object>,
    configuration: Configuration<'_>,
    writer: Writer<'_>,
    endpoint: &Endpoint,
    trace: &mut dyn structured::Trace,
) -> Result<(Service, ManagedFields), Stop> {
    let before = live.map(|live| live.managed_fields().clone()).unwrap_or_default();
    let bare_live = live.map(|live| live.service().to_value());
    let applying = Applying {
        live: bare_live.as_ref().unwrap_or(endpoint.empty_object()),
        managers: before.managers(endpoint),
        config: configuration.object,
        manager: writer.manager,
        force: configuration.force,
        now: writer.time()?,
    };
    let Merged { object, managers, .. } = match structured::apply_values(applying, endpoint, trace) {
        Ok(ApplyOutcome::Merged(merged)) => merged,
        Ok(ApplyOutcome::Conflicts(conflicts)) => {
            let causes = conflicts.causes().map(|cause| Cause::new("FieldManagerConflict", cause.message, cause.field));
            return Err(Status::field_conflict(conflicts.to_string(), causes.collect()).into());
        }
        Err(error) if error.kind() == Kind::BadRequest => return Err(Status::bad_request(error.to_string()).into()),
        Err(error) => return Err(Status::failure(error.to_string()).into()),
    };
    let decoded = service::decode_unstructured(&object).map_err(|why| {
        // Upstream names the configuration, not what came of it.
        let text = |key| configuration.object.at(&["metadata", key]).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("namespace"), text("name"));
        Status::failure(format!(
            "failed to convert new object ({namespace}/{name}; /v1, Kind=Service) to proper version: unable to convert \
             unstructured object to /v1, Kind=Service: {why}"
        ))
    })?;
    let mut service = decoded.service;
    service::default(&mut service);
    // What managed fields a configuration states was refused before.
    service.metadata.managed_fields = Value::Null;
    Ok((service, before.followed_by(managers)))
}

/// Puts the old times back where nothing but a time would change.
///
/// Upstream: `IgnoreManagedFieldsTimestampsTransformer` of apiserver `pkg/endpoints/handlers/fieldmanager/equality.go`, which sees
/// the old object as it is read, not as it is stored.
pub(super) fn keep_times(new: &Service, managed_fields: &mut ManagedFields, old: &Object) {
    if old.managed_fields().differ_in_time_alone(managed_fields) && new == old.shown() {
        *managed_fields = old.managed_fields().clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{parse, parse_document};

    /// A Service with everything in it.
    const FULL: &str = r#"{"metadata":{"name":"n","generateName":"g","namespace":"ns","selfLink":"/","uid":"u","resourceVersion":"1",
            "generation":-1,"creationTimestamp":"2020-01-01T00:00:00Z","deletionTimestamp":"2020-01-01T00:00:00Z",
            "deletionGracePeriodSeconds":0,"labels":{"a":""},"annotations":{"c":""},"finalizers":["","f","f"],
            "ownerReferences":[{"uid":"q"},{"apiVersion":"v1","kind":"Pod","name":"p","uid":"q","controller":true,
            "blockOwnerDeletion":false}]},"spec":{"ports":[{},{"name":"x","protocol":"TCP","appProtocol":"http","port":80,
            "targetPort":"web","nodePort":30000},{"port":80,"targetPort":1}],"selector":{"k":"v"},"clusterIP":"a",
            "clusterIPs":["a"],"type":"?","externalIPs":["a","a"],"sessionAffinity":"?","loadBalancerIP":"?",
            "loadBalancerSourceRanges":["?","?"],"externalName":"?","externalTrafficPolicy":"?","healthCheckNodePort":-1,
            "publishNotReadyAddresses":true,"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":-1}},"ipFamilies":["?","?"],
            "ipFamilyPolicy":"","allocateLoadBalancerNodePorts":false,"loadBalancerClass":"","internalTrafficPolicy":"",
            "trafficDistribution":""},"status":{"loadBalancer":{"ingress":[{},{"ip":"a","hostname":"h","ipMode":"VIP",
            "ports":[{},{"port":1,"protocol":"TCP","error":"e"}]}]},"conditions":[{},{"type":"t","status":"True",
            "observedGeneration":2,"lastTransitionTime":"2020-01-01T00:00:00Z","reason":"r","message":"m"}]}}"#;

    /// What an endpoint of typed objects leaves out would find nothing in a Service.
    #[test]
    fn whatever_a_service_holds_fits_its_schema() {
        let service = service::decode_json(&parse_document(FULL.as_bytes()).unwrap()).unwrap().service;
        let untyped = Endpoint::new(Schema::service(), "v1", "Service");
        for service in [service, Service::default()] {
            let (new, now) = (service.to_value(), "2020-01-01T00:00:00Z".parse().unwrap());
            let updating = Updating { live: untyped.empty_object(), new: &new, managers: Managers::new(), manager: "m", now };
            assert!(structured::update_managers(updating, &untyped, &mut ()).is_ok());
        }
    }
    /// `value` without one of its members, for each member at any depth outside lists.
    fn without_each<'v>(value: &Value<'v>) -> Vec<Value<'v>> {
        let Some(map) = value.as_map() else { return Vec::new() };
        let keys: Vec<_> = map.keys().map(str::to_owned).collect();
        let mut found = Vec::new();
        for key in &keys {
            let mut rest = map.clone();
            let taken = rest.remove(key).unwrap();
            found.push(Value::Map(rest));
            for inner in without_each(&taken) {
                let mut changed = map.clone();
                changed.insert(key.clone(), inner);
                found.push(Value::Map(changed));
            }
        }
        found
    }

    #[test]
    fn fields_that_both_have_alike_change_no_owner() {
        let endpoint = endpoint();
        let full = parse(FULL.as_bytes()).unwrap();
        let service = |value: &Value<'_>| service::decode_unstructured(value).unwrap().service;
        let services: Vec<_> = without_each(&full).iter().map(service).chain([Service::default()]).collect();
        assert!(services.len() > 40, "{}", services.len());
        let owners = |live: &Value<'_>, new: &Value<'_>, managers: Managers<'_>| {
            let updating = Updating { live, new, managers, manager: "m", now: "2020-01-01T00:00:00Z".parse().unwrap() };
            structured::update_managers(updating, &endpoint, &mut ()).unwrap().to_value()
        };
        let all = service(&full);
        let first = owners(endpoint.empty_object(), &all.to_value(), Managers::new()).unwrap();
        for other in &services {
            for (live, new) in [(&all, other), (other, &all)] {
                let managers = || Managers::read(&first).unwrap();
                let whole = owners(&live.to_value(), &new.to_value(), managers());
                assert_eq!(owners(&live.to_value_beside(Some(new)), &new.to_value_beside(Some(live)), managers()), whole);
            }
        }
    }
}
