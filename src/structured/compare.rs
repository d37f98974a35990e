//! What changes from one object to another (structured-merge-diff v6.4.2 `typed/compare.go`).

use std::cmp::Ordering;

use super::items::{self, Item};
use super::set::{Node, Set};
use super::types::{Atom, Fields, List, TypeRef, items_of, members_of};
use crate::path::Element;
use crate::schema::Schema;
use crate::value::{Map, Value, name};

/// The paths that differ.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison<'v> {
    pub(super) removed: Set<'v>,
    pub(super) modified: Set<'v>,
    pub(super) added: Set<'v>,
}

/// Compares two objects of a kind.
///
/// Leaves, and what is merged as one value, are compared as wholes; objects and list items that only one side has count
/// themselves beside everything in them. Items are matched by key, so their order does not count; of a repeated one the whole
/// group is compared.
pub(super) fn compare<'v>(left: &'v Value<'v>, right: &'v Value<'v>, schema: &'v Schema) -> Comparison<'v> {
    differ(Sides::Both(left, right), TypeRef::Known(schema.root())).below
}

impl<'v> Comparison<'v> {
    /// Without the fields of `reset` and all below them.
    pub(super) fn without(self, reset: &Set<'_>) -> Self {
        Comparison {
            removed: self.removed.recursive_difference(reset),
            modified: self.modified.recursive_difference(reset),
            added: self.added.recursive_difference(reset),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.modified.is_empty() && self.added.is_empty()
    }

    fn push(&mut self, element: Element<'v>, difference: Difference<'v>) {
        let Difference { change, below } = difference;
        if change.is_none() && below.is_empty() {
            return;
        }
        for (set, below, kind) in [
            (&mut self.removed, below.removed, Change::Removed),
            (&mut self.modified, below.modified, Change::Modified),
            (&mut self.added, below.added, Change::Added),
        ] {
            let member = change == Some(kind);
            if member || !below.is_empty() {
                set.push(Node { element: element.clone(), member, below });
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Removed,
    Modified,
    Added,
}

/// A place on both sides, or on the one that has it.
#[derive(Clone, Copy)]
enum Sides<'v> {
    Both(&'v Value<'v>, &'v Value<'v>),
    Left(&'v Value<'v>),
    Right(&'v Value<'v>),
}

impl<'v> Sides<'v> {
    fn left(self) -> Option<&'v Value<'v>> {
        match self {
            Sides::Both(left, _) | Sides::Left(left) => Some(left),
            Sides::Right(_) => None,
        }
    }

    fn right(self) -> Option<&'v Value<'v>> {
        match self {
            Sides::Both(_, right) | Sides::Right(right) => Some(right),
            Sides::Left(_) => None,
        }
    }

    /// That one side lacks the place altogether.
    fn absence(self) -> Option<Change> {
        match self {
            Sides::Both(..) => None,
            Sides::Left(_) => Some(Change::Removed),
            Sides::Right(_) => Some(Change::Added),
        }
    }
}

/// What differs at a place, and below it.
#[derive(Default)]
struct Difference<'v> {
    change: Option<Change>,
    below: Comparison<'v>,
}

fn differ<'v>(sides: Sides<'v>, ty: TypeRef<'v>) -> Difference<'v> {
    match sides {
        Sides::Left(one) | Sides::Right(one) => walk(sides, &ty.atom(one)),
        Sides::Both(left, right) => {
            let (was, is) = (ty.atom(left), ty.atom(right));
            if was.is_like(&is) {
                return walk(sides, &is);
            }
            let (one, two) = (walk(sides, &was), walk(sides, &is));
            Difference {
                change: one.change.or(two.change),
                below: Comparison {
                    removed: one.below.removed.union(two.below.removed),
                    modified: one.below.modified.union(two.below.modified),
                    added: one.below.added.union(two.below.added),
                },
            }
        }
    }
}

fn walk<'v>(sides: Sides<'v>, atom: &Atom<'v>) -> Difference<'v> {
    let below = match atom {
        Atom::Scalar(_) => None,
        Atom::List(list) => {
            let (left, right) = (items_of(sides.left()), items_of(sides.right()));
            let leaf = list.is_atomic() || (left.is_empty() && right.is_empty());
            (!leaf).then(|| compare_items(left, right, list))
        }
        Atom::Map(fields) => {
            let (left, right) = (members_of(sides.left()), members_of(sides.right()));
            let leaf = fields.atomic || (left.is_empty() && right.is_empty());
            (!leaf).then(|| compare_members(left, right, fields))
        }
    };
    match (below, sides) {
        (Some(below), _) => Difference { change: sides.absence(), below },
        (None, Sides::Both(left, right)) => {
            let change = left.compare(right).is_ne().then_some(Change::Modified);
            Difference { change, below: Comparison::default() }
        }
        (None, _) => Difference { change: sides.absence(), below: Comparison::default() },
    }
}

fn compare_members<'v>(left: &'v Map<'v>, right: &'v Map<'v>, fields: &Fields<'v>) -> Comparison<'v> {
    let mut comparison = Comparison::default();
    if left.is_empty() {
        comparison.added = Set::with_capacity(right.len());
    }
    let mut types = fields.walk();
    let (mut lefts, mut rights) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let (name, sides) = match (lefts.peek().copied(), rights.peek().copied()) {
            (Some((a, left)), Some((b, right))) => match name::order(a, b) {
                Ordering::Less => (a, Sides::Left(left)),
                Ordering::Equal => (a, Sides::Both(left, right)),
                Ordering::Greater => (b, Sides::Right(right)),
            },
            (Some((a, left)), None) => (a, Sides::Left(left)),
            (None, Some((b, right))) => (b, Sides::Right(right)),
            (None, None) => return comparison,
        };
        if sides.left().is_some() {
            lefts.next();
        }
        if sides.right().is_some() {
            rights.next();
        }
        // A shortcut: what is the same differs in nothing, whatever its type is.
        if let Sides::Both(left, right) = sides
            && left.is_same_scalar(right)
        {
            continue;
        }
        if let Some((ty, _)) = types.field(name) {
            comparison.push(Element::field(name), differ(sides, ty));
        }
    }
}

fn compare_items<'v>(left: &'v [Value<'v>], right: &'v [Value<'v>], list: &List<'v>) -> Comparison<'v> {
    let mut comparison = Comparison::default();
    if left == right {
        return comparison;
    }
    let (lefts, rights) = (items::sorted(list, left), items::sorted(list, right));
    for pair in items::pairs(&lefts, &rights) {
        let Some(element) = pair.element() else { continue };
        let difference = match (pair.left, pair.right) {
            ([], []) => continue,
            ([left], [right]) => differ(Sides::Both(left.value, right.value), list.item),
            ([left], []) => differ(Sides::Left(left.value), list.item),
            ([], [right]) => differ(Sides::Right(right.value), list.item),
            // A repeated item is one value with all of its group; what is repeated on one side only has no fields there.
            ([_, _, ..], [_, _, ..]) => {
                let change = (!same_groups(pair.left, pair.right)).then_some(Change::Modified);
                Difference { change, below: Comparison::default() }
            }
            (_, [] | [_]) => {
                let one = pair.right.first().map(|one| differ(Sides::Right(one.value), list.item));
                marked(one.unwrap_or_default(), Change::Removed, element.clone(), &mut comparison)
            }
            ([] | [_], _) => {
                let one = pair.left.first().map(|one| differ(Sides::Left(one.value), list.item));
                marked(one.unwrap_or_default(), Change::Added, element.clone(), &mut comparison)
            }
        };
        comparison.push(element.clone(), difference);
    }
    comparison
}

fn same_groups(left: &[Item<'_>], right: &[Item<'_>]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.value.compare(b.value).is_eq())
}

/// Marks the element as changed, beside the `difference` that it may have as well: an item may be Added and Removed at once.
fn marked<'v>(difference: Difference<'v>, mark: Change, element: Element<'v>, comparison: &mut Comparison<'v>) -> Difference<'v> {
    let marked = Node::member(element);
    match (difference.change, mark) {
        (None, _) => return Difference { change: Some(mark), ..difference },
        (Some(_), Change::Removed) => comparison.removed.push(marked),
        (Some(_), _) => comparison.added.push(marked),
    }
    difference
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[track_caller]
    fn check(left: &str, right: &str, expect: &str) {
        let schema = Schema::builtin("v1", "Service").unwrap();
        let (left, right) = (parse(left.as_bytes()).unwrap(), parse(right.as_bytes()).unwrap());
        let Comparison { removed, modified, added } = compare(&left, &right, &schema);
        let text = |sign: char, set: Set<'_>| set.iter().map(|path| format!("{sign}{path}")).collect::<Vec<_>>();
        let found = [text('-', removed), text('~', modified), text('+', added)].concat();
        assert_eq!(found.join(" "), expect);
    }

    fn ports(items: &str) -> String {
        format!(r#"{{"spec":{{"ports":[{items}]}}}}"#)
    }

    #[test]
    fn leaves_and_containers() {
        check(r#"{"spec":{"type":"A"}}"#, r#"{"spec":{"type":"B"}}"#, "~.spec.type");
        check(r#"{"spec":{}}"#, r#"{"spec":{"type":"B"}}"#, "+.spec.type");
        check("{}", r#"{"spec":{"type":"B"}}"#, "+.spec +.spec.type");
        check(r#"{"metadata":{"labels":{"a":"1"}}}"#, r#"{"metadata":{}}"#, "-.metadata.labels -.metadata.labels.a");
        check(r#"{"metadata":{"labels":{}}}"#, r#"{"metadata":{"labels":null}}"#, "~.metadata.labels");
        check(r#"{"spec":{"selector":{"a":"1"}}}"#, r#"{"spec":{"selector":{"a":"2"}}}"#, "~.spec.selector");
        check(r#"{"spec":{"healthCheckNodePort":1}}"#, r#"{"spec":{"healthCheckNodePort":1.0}}"#, "");
    }

    #[test]
    fn what_may_be_anything() {
        let target = |value: &str| ports(&format!(r#"{{"port":1,"targetPort":{value}}}"#));
        let at = r#".spec.ports[port=1,protocol="TCP"].targetPort"#;
        check(&target("1"), &target("\"a\""), &format!("~{at}"));
        check(&target("1"), &target(r#"{"a":1}"#), &format!("~{at} +{at}.a"));
        check(&target(r#"{"a":1}"#), &target("1"), &format!("-{at}.a ~{at}"));
        check(&target("null"), &target("[1]"), &format!("~{at}"));
    }

    #[test]
    fn repeated_items() {
        let item = r#"[port=1,protocol="TCP"]"#;
        let (a, b) = (r#"{"port":1,"name":"a"}"#, r#"{"port":1,"name":"b"}"#);
        let both = format!("{a},{b}");
        check(&ports(&both), &ports(&both), "");
        check(&ports(&both), &ports(&format!("{b},{a}")), &format!("~.spec.ports{item}"));
        check(&ports(&both), &ports(""), &format!("-.spec.ports{item}"));
        check(
            &ports(&both),
            &ports(a),
            &format!("-.spec.ports{item} +.spec.ports{item} +.spec.ports{item}.name +.spec.ports{item}.port"),
        );
        check(
            &ports(b),
            &ports(&both),
            &format!("-.spec.ports{item} -.spec.ports{item}.name -.spec.ports{item}.port +.spec.ports{item}"),
        );
    }
}
