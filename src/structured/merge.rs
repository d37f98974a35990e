//! Lays an applied object over the live one (structured-merge-diff v6.4.2 `typed/merge.go`).
//!
//! Nothing is removed here. What this leaves out: upstream's hooks for other rules than "the applied value stays".

use std::borrow::Cow;

use super::items;
use super::trace::{Match, Trace};
use super::types::{Atom, Fields, List, TypeRef, items_of, members_of};
use crate::path::{Element, Path};
use crate::schema::Schema;
use crate::value::{Map, Value, name};

/// The live object with everything that the applied one states.
pub(super) fn merge<'v>(live: &'v Value<'v>, config: &'v Value<'v>, schema: &'v Schema, trace: &mut dyn Trace) -> Value<'v> {
    let mut merger = Merger { traced: trace.wants_matches(), trace, path: Vec::new() };
    merger.value(Some(live), Some(config), TypeRef::Known(schema.root())).unwrap_or_default()
}

struct Merger<'t, 'v> {
    trace: &'t mut dyn Trace,
    traced: bool,
    /// Where the merge is; kept only if it is traced.
    path: Vec<Element<'v>>,
}

impl<'v> Merger<'_, 'v> {
    fn value(&mut self, live: Option<&'v Value<'v>>, config: Option<&'v Value<'v>>, ty: TypeRef<'v>) -> Option<Value<'v>> {
        let (live, config) = match (live, config) {
            (Some(live), Some(config)) => (live, config),
            (one, other) => return one.or(other).map(Value::borrowed),
        };
        match ty.atom(config) {
            Atom::Scalar(_) => Some(config.borrowed()),
            Atom::List(list) => match (items_of(Some(live)), items_of(Some(config))) {
                (left, right) if list.is_atomic() || (left.is_empty() && right.is_empty()) => Some(config.borrowed()),
                (_, []) => Some(live.borrowed()),
                (left, right) => self.items(left, right, &list),
            },
            Atom::Map(fields) => match (members_of(Some(live)), members_of(Some(config))) {
                (left, right) if fields.atomic || (left.is_empty() && right.is_empty()) => Some(config.borrowed()),
                (left, right) => self.members(left, right, &fields),
            },
        }
    }

    fn members(&mut self, left: &'v Map<'v>, right: &'v Map<'v>, fields: &Fields<'v>) -> Option<Value<'v>> {
        let mut merged = Vec::with_capacity(left.len().max(right.len()));
        let mut types = fields.walk();
        let (mut lefts, mut rights) = (left.iter().peekable(), right.iter().peekable());
        loop {
            let order = match (lefts.peek(), rights.peek()) {
                (Some((a, _)), Some((b, _))) => name::order(a, b),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => break,
            };
            let live = if order.is_le() { lefts.next() } else { None };
            let config = if order.is_ge() { rights.next() } else { None };
            let Some((name, _)) = live.or(config) else { break };
            let value = match (config, types.field(name)) {
                (None, _) | (_, None) => live.map(|(_, value)| value.borrowed()),
                (Some((_, config)), Some((ty, _))) => {
                    let element = self.traced.then(|| Element::field(name));
                    self.inside(element, |merger| merger.value(live.map(|(_, value)| value), Some(config), ty))
                }
            };
            if let Some(value) = value {
                merged.push((Cow::Borrowed(name), value));
            }
        }
        (!merged.is_empty()).then(|| Value::Map(Map::of_sorted(merged)))
    }

    /// Keeps the relative orders of both lists; among shared items that of the applied one wins.
    fn items(&mut self, left: &'v [Value<'v>], right: &'v [Value<'v>], list: &List<'v>) -> Option<Value<'v>> {
        let Some(entries) = entries(left, right, list, self.traced) else { return Some(Value::List(right.to_vec())) };
        let mut merged = Vec::with_capacity(left.len().max(right.len()));
        let mut shared = entries.right.iter().filter(|&&at| entries.list[at].live.is_some()).copied();
        let mut next = shared.next();
        let mut taken = vec![false; entries.list.len()];
        let (mut l, mut r) = (0, 0);
        loop {
            let (here, there) = (entries.left.get(l).copied(), entries.right.get(r).copied());
            if let (Some(here), Some(there)) = (here, there) {
                if here == there {
                    taken[here] = true;
                    merged.extend(self.item(&entries.list[here], list));
                    l += 1;
                    r += 1;
                    next = shared.next();
                    continue;
                }
                if entries.list[here].config.is_some() && next.is_some_and(|next| next != here) {
                    // Its turn comes in the applied order.
                    l += 1;
                    continue;
                }
            }
            if let Some(here) = here {
                if entries.list[here].config.is_none() {
                    merged.push(left[l].borrowed());
                    l += 1;
                    continue;
                }
                if taken[here] {
                    l += 1;
                }
            }
            let Some(there) = there else {
                if here.is_none() {
                    break;
                }
                continue;
            };
            taken[there] = true;
            merged.extend(self.item(&entries.list[there], list));
            r += 1;
            if next == Some(there) {
                next = shared.next();
            }
        }
        (!merged.is_empty()).then_some(Value::List(merged))
    }

    fn item(&mut self, entry: &Entry<'v>, list: &List<'v>) -> Option<Value<'v>> {
        if let Some(element) = &entry.element {
            let list = self.path.iter().cloned().collect::<Path>();
            self.trace.item_matched(&Match { list: &list, element, live: &entry.live_indexes, config: entry.config_index });
        }
        let live = match entry.live {
            Some(Live::One(value)) => Some(value),
            // Upstream: an item that is repeated in the live list takes part in the merge as null.
            Some(Live::Repeated) => Some(&Value::Null),
            None => None,
        };
        self.inside(entry.element.clone(), |merger| merger.value(live, entry.config, list.item))
    }

    fn inside<T>(&mut self, element: Option<Element<'v>>, work: impl FnOnce(&mut Self) -> T) -> T {
        let Some(element) = element else { return work(self) };
        self.path.push(element);
        let result = work(self);
        self.path.pop();
        result
    }
}

/// The elements of two lists, each once, and the lists as indexes into them.
struct Entries<'v> {
    list: Vec<Entry<'v>>,
    left: Vec<usize>,
    right: Vec<usize>,
}

struct Entry<'v> {
    live: Option<Live<'v>>,
    config: Option<&'v Value<'v>>,
    /// What is told to a trace.
    element: Option<Element<'v>>,
    live_indexes: Vec<usize>,
    config_index: Option<usize>,
}

#[derive(Clone, Copy)]
enum Live<'v> {
    One(&'v Value<'v>),
    Repeated,
}

/// `None` if an item cannot be addressed, which no valid list has.
fn entries<'v>(left: &'v [Value<'v>], right: &'v [Value<'v>], list: &List<'v>, traced: bool) -> Option<Entries<'v>> {
    let (lefts, rights) = (items::sorted(list, left), items::sorted(list, right));
    if (lefts.len(), rights.len()) != (left.len(), right.len()) {
        return None;
    }
    let mut entries =
        Entries { list: Vec::with_capacity(left.len().max(right.len())), left: vec![0; left.len()], right: vec![0; right.len()] };
    for pair in items::pairs(&lefts, &rights) {
        let at = entries.list.len();
        for item in pair.left {
            entries.left[item.index] = at;
        }
        for item in pair.right {
            entries.right[item.index] = at;
        }
        entries.list.push(Entry {
            live: match pair.left {
                [] => None,
                [one] => Some(Live::One(one.value)),
                _ => Some(Live::Repeated),
            },
            config: pair.right.first().map(|item| item.value),
            element: pair.element().filter(|_| traced).cloned(),
            live_indexes: if traced { pair.left.iter().map(|item| item.index).collect() } else { Vec::new() },
            config_index: pair.right.first().map(|item| item.index),
        });
    }
    Some(entries)
}
