//! Whether a live object has what a manifest states, and what is missing.
//!
//! Every field that the manifest states must have that value; an absent field is as good as a zero value. Ports are matched by
//! `port` and `protocol` in any order, an absent protocol means TCP, and no port may live that the manifest lacks.

use super::report::Unmet;
use crate::path::{self, Element};
use crate::value::{Map, Value};

/// Whether the live object has what the manifest states.
pub(super) fn converged(manifest: &Value<'_>, live: Option<&Value<'_>>) -> bool {
    live.is_some() && unmet(manifest, live).is_empty()
}

/// The fields that are not as the manifest states them, in the order of the manifest's keys, ports last.
///
/// Everything is missing from an object that does not exist; that is one entry with the empty path.
pub(super) fn unmet(manifest: &Value<'_>, live: Option<&Value<'_>>) -> Vec<Unmet> {
    let mut search = Search::default();
    match (live, manifest.as_map()) {
        (Some(live), Some(fields)) => {
            for (name, wanted) in fields.iter() {
                let have = live.get(name);
                match (name, wanted.as_map()) {
                    ("spec", Some(spec)) => search.inside(Step::Field(name), |search| search.spec(wanted, spec, have)),
                    _ => search.member(name, wanted, have),
                }
            }
        }
        (Some(live), None) => search.compare(manifest, Some(live)),
        (None, _) => search.missing(Some(manifest), None),
    }
    search.found
}

/// A walk through the manifest beside the live object; paths are put together for what is found alone.
#[derive(Default)]
struct Search<'v> {
    path: Vec<Step<'v>>,
    found: Vec<Unmet>,
}

#[derive(Clone, Copy)]
enum Step<'v> {
    Field(&'v str),
    /// The port that this item is.
    Port(&'v Value<'v>),
}

impl<'v> Step<'v> {
    fn element(self) -> Element<'v> {
        match self {
            Step::Field(name) => Element::field(name),
            Step::Port(item) => Key::of(item).element(),
        }
    }
}

impl<'v> Search<'v> {
    fn inside(&mut self, step: Step<'v>, walk: impl FnOnce(&mut Self)) {
        self.path.push(step);
        walk(self);
        self.path.pop();
    }

    fn missing(&mut self, wanted: Option<&Value<'_>>, live: Option<&Value<'_>>) {
        let path = path::text_of(self.path.iter().map(|step| step.element()));
        let value = |side: Option<&Value<'_>>| side.map(|side| side.borrowed().into_serde()).unwrap_or_default();
        self.found.push(Unmet { path, wanted: value(wanted), live: value(live) });
    }

    fn spec(&mut self, whole: &'v Value<'_>, spec: &'v Map<'_>, have: Option<&'v Value<'_>>) {
        let ports = spec.get("ports").filter(|ports| !ports.is_null());
        let mut rest = spec.iter().filter(|(name, _)| *name != "ports").peekable();
        if rest.peek().is_some() && have.and_then(Value::as_map).is_none() {
            self.missing(Some(whole), have);
            return;
        }
        for (name, wanted) in rest {
            self.member(name, wanted, have.and_then(|have| have.get(name)));
        }
        if let Some(ports) = ports {
            let have = have.and_then(|have| have.get("ports")).and_then(Value::as_list).unwrap_or_default();
            let wanted = ports.as_list().unwrap_or_default();
            self.inside(Step::Field("ports"), |search| search.ports(wanted, have));
        }
    }

    /// A `null` states nothing.
    fn member(&mut self, name: &'v str, wanted: &'v Value<'_>, have: Option<&'v Value<'_>>) {
        if !wanted.is_null() {
            self.inside(Step::Field(name), |search| search.compare(wanted, have));
        }
    }

    fn compare(&mut self, wanted: &'v Value<'_>, have: Option<&'v Value<'_>>) {
        let have = have.filter(|have| !have.is_null());
        match (wanted, have) {
            (wanted, None) if is_zero(wanted) => {}
            (Value::Map(fields), Some(Value::Map(have))) => {
                for (name, wanted) in fields.iter() {
                    self.member(name, wanted, have.get(name));
                }
            }
            (wanted, Some(have)) if wanted.as_map().is_none() && same(wanted, have) => {}
            (wanted, have) => self.missing(Some(wanted), have),
        }
    }

    fn ports(&mut self, wanted: &'v [Value<'_>], have: &'v [Value<'_>]) {
        let live = Ports::of_items(have);
        let mut taken: Vec<Key<'_>> = Vec::new();
        for item in wanted {
            let key = Key::of(item);
            let found = live.last(&key);
            self.inside(Step::Port(item), |search| match (found, item.as_map()) {
                (Some(live), Some(fields)) => search.port(fields, live),
                (live, _) => search.missing(Some(item), live),
            });
            if found.is_some() && item.as_map().is_some() {
                taken.push(key);
            }
        }
        taken.sort();
        let mut taken = taken.into_iter().peekable();
        for (key, at) in &live.by_key {
            while let Some(twice) = taken.next_if(|first| first < key) {
                // The manifest gives this port more often than it lives.
                self.inside(Step::Port(twice.item), |search| search.missing(Some(twice.item), None));
            }
            if taken.next_if(|first| first == key).is_none() {
                self.inside(Step::Port(key.item), |search| search.missing(None, have.get(*at)));
            }
        }
        for twice in taken {
            self.inside(Step::Port(twice.item), |search| search.missing(Some(twice.item), None));
        }
    }

    /// An absent protocol is stated all the same.
    fn port(&mut self, fields: &'v Map<'_>, live: &'v Value<'_>) {
        let states_protocol = fields.get("protocol").is_some_and(|protocol| !is_zero(protocol));
        for (name, wanted) in fields.iter() {
            if name != "protocol" || states_protocol {
                self.member(name, wanted, live.get(name));
            }
        }
        if !states_protocol && live.get("protocol").and_then(Value::as_str) != Some("TCP") {
            self.inside(Step::Field("protocol"), |search| search.missing(Some(&Value::from("TCP")), live.get("protocol")));
        }
    }
}

/// The ports of an object, to be found by what makes them that port.
pub(super) struct Ports<'v> {
    items: &'v [Value<'v>],
    by_key: Vec<(Key<'v>, usize)>,
}

impl<'v> Ports<'v> {
    pub(super) fn of(object: &'v Value<'_>) -> Self {
        Ports::of_items(items_of(object))
    }

    fn of_items(items: &'v [Value<'_>]) -> Self {
        let mut by_key: Vec<_> = items.iter().enumerate().map(|(at, item)| (Key::of(item), at)).collect();
        by_key.sort();
        Ports { items, by_key }
    }

    /// The last port with the key, as its item.
    fn last(&self, key: &Key<'_>) -> Option<&'v Value<'v>> {
        let end = self.by_key.partition_point(|entry| entry.0 <= *key);
        let (found, at) = self.by_key.get(end.checked_sub(1)?)?;
        if found == key { self.items.get(*at) } else { None }
    }

    /// Where the first port with the key stands.
    pub(super) fn place(&self, key: &Key<'_>) -> Option<usize> {
        let start = self.by_key.partition_point(|entry| entry.0 < *key);
        self.by_key.get(start).filter(|entry| entry.0 == *key).map(|entry| entry.1)
    }

    /// The first port with the key.
    pub(super) fn get(&self, key: &Key<'_>) -> Option<&'v Value<'v>> {
        self.items.get(self.place(key)?)
    }
}

/// What makes a port that port: its number as written, and its protocol.
#[derive(Clone, Debug)]
pub(super) struct Key<'v> {
    number: i64,
    /// What the number is where it is no integer.
    other: Option<String>,
    protocol: &'v str,
    item: &'v Value<'v>,
}

impl<'v> Key<'v> {
    pub(super) fn of(item: &'v Value<'_>) -> Self {
        let number = item.get("port");
        let protocol = item.get("protocol").and_then(Value::as_str).filter(|protocol| !protocol.is_empty());
        Key {
            number: number.and_then(Value::as_i64).unwrap_or_default(),
            other: number.filter(|number| number.as_i64().is_none()).map(Value::to_string),
            protocol: protocol.unwrap_or("TCP"),
            item,
        }
    }

    /// The step to the port from its list.
    pub(super) fn element(&self) -> Element<'v> {
        let number = self.item.get("port").map_or(Value::Integer(0), Value::borrowed);
        Element::key([("port", number), ("protocol", Value::from(self.protocol))])
    }

    /// The path of the port, as text.
    pub(super) fn path(&self) -> String {
        path::text_of([Element::field("spec"), Element::field("ports"), self.element()])
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let numbers = self.number.cmp(&other.number).then_with(|| self.other.cmp(&other.other));
        numbers.then_with(|| self.protocol.cmp(other.protocol))
    }
}

/// The items of `spec.ports`.
pub(super) fn items_of<'v, 'a>(object: &'v Value<'a>) -> &'v [Value<'a>] {
    object.at(&["spec", "ports"]).and_then(Value::as_list).unwrap_or_default()
}

/// What an absent field is as good as.
pub(super) fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Integer(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(fields) => fields.is_empty(),
    }
}

/// Equal, where numbers are equal by size.
pub(super) fn same(left: &Value<'_>, right: &Value<'_>) -> bool {
    left.compare(right).is_eq()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    /// With keys in one order, whichever features of serde_json are on.
    fn text(json: &Json) -> String {
        Value::from_serde(json).unwrap().to_string()
    }

    fn check(name: &str, manifest: Json, live: Json, expected: &[&str]) {
        let (manifest, live) = (Value::from_serde(&manifest).unwrap(), Value::from_serde(&live).unwrap());
        let got: Vec<_> = unmet(&manifest, Some(&live))
            .into_iter()
            .map(|unmet| format!("{} {} {}", unmet.path, text(&unmet.wanted), text(&unmet.live)))
            .collect();
        assert_eq!(got, expected, "{name}");
        assert_eq!(converged(&manifest, Some(&live)), expected.is_empty(), "{name}");
    }

    #[test]
    fn fields() {
        let live = json!({"metadata": {"name": "a", "labels": {"x": "1"}}, "spec": {"type": "NodePort", "selector": {"a": "b"}, "externalIPs": ["1"]}});
        for (name, manifest, expected) in [
            ("equal", json!({"metadata": {"name": "a"}, "spec": {"type": "NodePort"}}), &[][..]),
            (
                "absent_is_zero",
                json!({"metadata": {"annotations": {}, "finalizers": [], "x": ""}, "spec": {"y": 0, "z": false, "n": null}}),
                &[],
            ),
            ("null_states_nothing", json!({"spec": {"type": null}}), &[]),
            ("other_value", json!({"spec": {"type": "ClusterIP"}}), &[r#".spec.type "ClusterIP" "NodePort""#]),
            ("absent", json!({"metadata": {"labels": {"x": "1", "y": "2"}}}), &[r#".metadata.labels.y "2" null"#]),
            ("zero_against_value", json!({"spec": {"type": ""}}), &[r#".spec.type "" "NodePort""#]),
            ("lists_whole", json!({"spec": {"externalIPs": ["1", "2"]}}), &[r#".spec.externalIPs ["1","2"] ["1"]"#]),
            ("kinds_differ", json!({"spec": {"type": {"a": 1}}}), &[r#".spec.type {"a":1} "NodePort""#]),
        ] {
            check(name, manifest, live.clone(), expected);
        }
    }

    #[test]
    fn ports() {
        let live = json!({"spec": {"ports": [
            {"port": 53, "protocol": "UDP", "nodePort": 30053}, {"port": 53, "protocol": "TCP", "nodePort": 30053, "targetPort": 53}]}});
        let ports = |ports: Json| json!({"spec": {"ports": ports}});
        let udp = json!({"port": 53, "protocol": "UDP"});
        for (name, manifest, expected) in [
            ("any_order_and_tcp_left_out", ports(json!([{"port": 53}, udp])), &[][..]),
            ("null_states_nothing", ports(Json::Null), &[]),
            ("numbers_by_size", ports(json!([{"port": 53, "nodePort": 30053.0}, udp])), &[]),
            (
                "field",
                ports(json!([{"port": 53, "nodePort": 30054}, udp])),
                &[r#".spec.ports[port=53,protocol="TCP"].nodePort 30054 30053"#],
            ),
            (
                "missing",
                ports(json!([{"port": 53}, udp, {"port": 80}])),
                &[r#".spec.ports[port=80,protocol="TCP"] {"port":80} null"#],
            ),
            (
                "too_many",
                ports(json!([udp])),
                &[r#".spec.ports[port=53,protocol="TCP"] null {"nodePort":30053,"port":53,"protocol":"TCP","targetPort":53}"#],
            ),
            (
                "given_twice",
                ports(json!([{"port": 53}, udp, udp])),
                &[r#".spec.ports[port=53,protocol="UDP"] {"port":53,"protocol":"UDP"} null"#],
            ),
        ] {
            check(name, manifest, live.clone(), expected);
        }
        check("none", ports(json!([])), json!({"spec": {}}), &[]);
    }

    #[test]
    fn nothing_lives() {
        assert!(!converged(&Value::Map(Map::new()), None));
    }
}
