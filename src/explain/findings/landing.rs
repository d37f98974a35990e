//! From the traces of `kubectl apply`: which change was meant for which port, and where it went.

use std::collections::BTreeMap;

use super::{Evidence, items_of};
use crate::cluster::Recorded;
use crate::explain::converged::same;
use crate::explain::facts::{Fact, Port};
use crate::value::{Map, Value};

/// An item of kubectl's patch.
#[derive(Clone, Debug)]
pub(super) struct Landing {
    /// The fields that it carries beside its merge key.
    pub(super) fields: Vec<String>,
    /// The item of the manifest that it was made from.
    from: Option<Port>,
    /// The live item that kubectl compared that one with; `None` for an item that was to be added.
    pub(super) meant: Option<Port>,
    /// The live item that the server merged it into; `None` if it was appended.
    pub(super) on: Option<Port>,
    /// Whether it changes that item.
    pub(super) changes: bool,
}

impl Landing {
    /// The change reached another live item than the one that it was made for.
    pub(super) fn went_astray(&self) -> bool {
        matches!((&self.meant, &self.on), (Some(meant), Some(on)) if meant.index != on.index)
    }

    pub(super) fn fact(&self) -> Option<Fact> {
        let (from, meant, on) = (self.from.clone()?, self.meant.clone()?, self.on.clone()?);
        Some(Fact::Landed { from, meant, on, fields: self.fields.clone(), changes: self.changes })
    }
}

/// What became of each item of the first patch that `kubectl apply` sent.
pub(super) fn landings(evidence: &Evidence<'_>) -> Vec<Landing> {
    let (Some(ran), Some(before)) = (evidence.usual(), evidence.before) else { return Vec::new() };
    let Some(body) = ran.outcome.requests().first().map(Recorded::body) else { return Vec::new() };
    let live = items_of(before);
    let manifest = items_of(evidence.manifest);
    // Pairs by number, in the order in which kubectl compared them.
    let mut pairs: BTreeMap<i64, Vec<(Option<usize>, usize)>> = BTreeMap::new();
    let compared = ran.observed.pairs.iter().map(|(live, given)| (Some(*live), *given));
    for pair in compared.chain(ran.observed.added.iter().map(|given| (None, *given))) {
        if let Some(number) = manifest.get(pair.1).and_then(number) {
            pairs.entry(number).or_default().push(pair);
        }
    }
    let places: BTreeMap<usize, Option<usize>> = ran.observed.landings(live.len()).into_iter().collect();
    let mut out = Vec::new();
    for (at, item) in items_of(body).iter().enumerate().filter(|(_, item)| item.get("$patch").is_none()) {
        let carried =
            |pair: &(Option<usize>, usize)| made_from(item, pair.0.and_then(|live_at| live.get(live_at)), manifest.get(pair.1));
        let pair = number(item).and_then(|number| pairs.get_mut(&number)).and_then(|pairs| {
            let at = pairs.iter().position(carried)?;
            Some(pairs.remove(at))
        });
        let on = places.get(&at).copied().flatten();
        let on_item = on.and_then(|on| live.get(on));
        out.push(Landing {
            fields: fields(item),
            from: pair.and_then(|(_, given)| Port::of(manifest.get(given)?, given)),
            meant: pair.and_then(|(meant, _)| Port::of(live.get(meant?)?, meant?)),
            changes: on_item.is_some_and(|on| fields(item).iter().any(|field| !same_or_absent(item.get(field), on.get(field)))),
            on: on.and_then(|on| Port::of(live.get(on)?, on)),
        });
    }
    out
}

fn number(item: &Value<'_>) -> Option<i64> {
    item.get("port")?.as_i64()
}

fn fields(item: &Value<'_>) -> Vec<String> {
    item.as_map().into_iter().flat_map(Map::keys).filter(|name| *name != "port").map(str::to_owned).collect()
}

fn same_or_absent(left: Option<&Value<'_>>, right: Option<&Value<'_>>) -> bool {
    match (left.filter(|value| !value.is_null()), right) {
        (None, None) => true,
        (Some(left), Some(right)) => same(left, right),
        _ => false,
    }
}

/// Whether the patch item says what the manifest item has and the live item has not.
fn made_from(item: &Value<'_>, live: Option<&Value<'_>>, given: Option<&Value<'_>>) -> bool {
    let Some(given) = given else { return false };
    fields(item).iter().all(|field| {
        same_or_absent(item.get(field), given.get(field))
            && live.is_none_or(|live| !same_or_absent(given.get(field), live.get(field)))
    }) && (live.is_some() || fields(item).len() == fields(given).len())
}
