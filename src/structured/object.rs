//! The front doors: whole objects in, whole objects out, managed fields inside.

use super::apply::{ApplyOutcome, Applying, Force, Merged, apply_values};
use super::conflict::Conflicts;
use super::endpoint::{self, Endpoint};
use super::managers::Managers;
use super::time::Time;
use super::update::{Updating, update_managers};
use crate::Error;
use crate::schema::Schema;
use crate::value::{self, Map, Value};

/// A configuration and the object that it is applied to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Applied<'a, T: ?Sized = serde_json::Value> {
    /// The live object, managed fields included; `None` if there is none yet.
    pub live: Option<&'a T>,
    /// What is applied.
    pub config: &'a T,
    /// The field manager's name.
    pub manager: &'a str,
    /// Whether fields of other managers are taken over.
    pub force: Force,
    /// The server's time.
    pub now: Time,
}

/// What came of an apply.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome<T = serde_json::Value> {
    /// The object afterwards, managed fields included.
    Merged {
        /// The object.
        object: T,
        /// Whether anything but its managed fields differs from the live one.
        changed: bool,
    },
    /// Other managers own fields that would change; the object stays as it was.
    Conflicts(Conflicts),
}

/// Applies a configuration to an object, as a server does it that neither defaults nor validates.
///
/// ```
/// use mergekey::schema::Schema;
/// use mergekey::structured::{self, Applied, Force, Outcome};
/// use serde_json::json;
///
/// let schema = Schema::builtin("v1", "Service")?;
/// let port = |node_port: i64| json!({
///     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
///     "spec": {"ports": [{"port": 53, "protocol": "UDP", "nodePort": node_port}]},
/// });
/// let now = "2026-07-07T22:38:29Z".parse()?;
/// let config = port(30053);
/// let first = Applied { live: None, config: &config, manager: "alice", force: Force::Off, now };
/// let Outcome::Merged { object, .. } = structured::apply(first, &schema)? else { panic!() };
/// assert_eq!(object["metadata"]["managedFields"][0]["manager"], "alice");
///
/// let config = port(30054);
/// let second = Applied { live: Some(&object), config: &config, manager: "bob", force: Force::Off, now };
/// let Outcome::Conflicts(conflicts) = structured::apply(second, &schema)? else { panic!() };
/// assert_eq!(
///     conflicts.to_string(),
///     r#"Apply failed with 1 conflict: conflict with "alice": .spec.ports[port=53,protocol="UDP"].nodePort"#
/// );
/// # Ok::<(), mergekey::Error>(())
/// ```
///
/// # Errors
/// As [`apply_values`]; [`Error::is_managed_fields`] as well for a live object whose managed fields cannot be decoded, and
/// [`Error::is_too_deep`] and [`Error::is_syntax`] as [`Value::from_serde`].
pub fn apply(applied: Applied<'_>, schema: &Schema) -> Result<Outcome, Error> {
    let live = applied.live.map(Value::from_serde).transpose()?;
    let config = Value::from_serde(applied.config)?;
    let Applied { manager, force, now, .. } = applied;
    run(live, Applied { live: None, config: &config, manager, force, now }, schema, |object| object.into_serde())
}

/// The same on texts; what comes out is written as Go writes it, keys sorted.
///
/// # Errors
/// As [`apply`]; [`Error::is_syntax`] for a text that is no JSON.
pub fn apply_bytes(applied: Applied<'_, [u8]>, schema: &Schema) -> Result<Outcome<Vec<u8>>, Error> {
    let live = applied.live.map(value::parse).transpose()?;
    let config = value::parse(applied.config)?;
    let Applied { manager, force, now, .. } = applied;
    run(live, Applied { live: None, config: &config, manager, force, now }, schema, |object| {
        let mut text = String::new();
        object.write_to(&mut text);
        text.into_bytes()
    })
}

fn run<'v, T>(
    live: Option<Value<'v>>,
    applied: Applied<'_, Value<'v>>,
    schema: &Schema,
    finish: impl FnOnce(Value<'_>) -> T,
) -> Result<Outcome<T>, Error> {
    let Applied { config, manager, force, now, .. } = applied;
    let endpoint = endpoint_of(live.as_ref().unwrap_or(config), schema);
    let mut live = live.unwrap_or_else(|| Value::Map(Map::new()));
    let entries = endpoint::empty_managed_fields(&mut live).unwrap_or_default();
    let managers = Managers::read(&entries).map_err(|error| {
        Error::new(crate::error::Kind::ManagedFields, None, format!("failed to decode managed fields: {error}"))
    })?;
    let applying = Applying { live: &live, managers, config, manager, force, now };
    Ok(match apply_values(applying, &endpoint, &mut ())? {
        ApplyOutcome::Conflicts(conflicts) => Outcome::Conflicts(conflicts),
        ApplyOutcome::Merged(Merged { mut object, changed, managers }) => {
            endpoint::set_managed_fields(&mut object, managers.to_value());
            Outcome::Merged { object: finish(object), changed }
        }
    })
}

/// An object that is written over another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Updated<'a> {
    /// The live object, managed fields included; `None` if there is none yet.
    pub live: Option<&'a serde_json::Value>,
    /// The object that is sent.
    pub new: &'a serde_json::Value,
    /// The field manager's name.
    pub manager: &'a str,
    /// The server's time.
    pub now: Time,
}

/// Writes an object over another, as a server does it that neither defaults nor validates: gives it its managed fields.
///
/// Managed fields that the object brings along count as [`Managers::of_request`] says.
///
/// # Errors
/// As [`update_managers`]; [`Error::is_too_deep`] and [`Error::is_syntax`] as [`Value::from_serde`].
pub fn update(updated: Updated<'_>, schema: &Schema) -> Result<serde_json::Value, Error> {
    let live = updated.live.map(Value::from_serde).transpose()?;
    let mut new = Value::from_serde(updated.new)?;
    let endpoint = endpoint_of(live.as_ref().unwrap_or(&new), schema);
    let live = live.unwrap_or_else(|| Value::Map(Map::new()));
    let sent = endpoint::take_managed_fields(&mut new);
    let managers = Managers::of_request(sent.as_ref(), endpoint::managed_fields(&live), "");
    let updating = Updating { live: &live, new: &new, managers, manager: updated.manager, now: updated.now };
    let entries = update_managers(updating, &endpoint, &mut ())?.to_value();
    endpoint::set_managed_fields(&mut new, entries);
    Ok(new.into_serde())
}

/// The main endpoint of an object's own kind.
fn endpoint_of(object: &Value<'_>, schema: &Schema) -> Endpoint {
    let text = |key| object.get(key).and_then(Value::as_str).unwrap_or_default();
    Endpoint::new(schema.clone(), text("apiVersion"), text("kind"))
}
