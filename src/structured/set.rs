//! Sets of paths, as structured-merge-diff v6.4.2 holds them (`fieldpath/set.go`).
//!
//! A [`Set`] is a tree of sorted arrays. A node says whether its path is a *member* and what lies below it: owning a list item and
//! owning a field of that item are two things. Elements are borrowed from the values that the set was made of. A set that
//! is [borrowed](Set::borrowed) shares all branches in which it is not changed.
//!
//! Left out: matchers with wildcards, which the server does not use here.

use std::cmp::Ordering;
use std::fmt;

use super::types::TypeRef;
use crate::path::{Element, Path};
use crate::value::{Items, Value};

/// A set of paths.
///
/// ```
/// use mergekey::path::Path;
/// use mergekey::structured::Set;
///
/// let mine: Set = [".spec.type", ".spec.ports[port=53].name"].iter().map(|path| path.parse()).collect::<Result<_, _>>()?;
/// let theirs: Set = [".spec.type"].iter().map(|path| path.parse()).collect::<Result<_, _>>()?;
/// assert_eq!(mine.to_string(), ".spec.type\n.spec.ports[port=53].name");
/// assert_eq!(mine.difference(&theirs).to_string(), ".spec.ports[port=53].name");
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Set<'a> {
    /// Sorted by element; each is a member or has something below it.
    nodes: Items<'a, Node<'a>>,
}

/// A place in a [`Set`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node<'a> {
    pub(super) element: Element<'a>,
    pub(super) member: bool,
    pub(super) below: Set<'a>,
}

impl<'a> Node<'a> {
    pub(super) fn member(element: Element<'a>) -> Self {
        Node { element, member: true, below: Set::new() }
    }

    pub(super) fn borrowed(&self) -> Node<'_> {
        Node { element: self.element.borrowed(), member: self.member, below: self.below.borrowed() }
    }

    /// The type of what lies here in a value of type `ty`, and whether it is a declared field.
    pub(super) fn place<'s>(&self, ty: Option<TypeRef<'s>>) -> (Option<TypeRef<'s>>, bool) {
        match (&self.element, ty) {
            (Element::Field(name), Some(ty)) => ty.field(name).map_or((None, false), |(ty, declared)| (Some(ty), declared)),
            (Element::Key(_), Some(ty)) => (ty.item(), false),
            _ => (None, false),
        }
    }

    fn is_empty(&self) -> bool {
        !self.member && self.below.is_empty()
    }
}

impl<'a> Set<'a> {
    /// The set without any path.
    pub const fn new() -> Self {
        Set { nodes: Items::new() }
    }

    /// Adds a path; its parents are not added. The empty path is nobody's and adds nothing.
    pub fn insert(&mut self, path: impl IntoIterator<Item = Element<'a>>) {
        let mut path = path.into_iter();
        if let Some(element) = path.next() {
            self.insert_at(element, &mut path);
        }
    }

    fn insert_at(&mut self, element: Element<'a>, rest: &mut dyn Iterator<Item = Element<'a>>) {
        self.descend(element, |node| match rest.next() {
            Some(next) => node.below.insert_at(next, rest),
            None => node.member = true,
        });
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.nodes.iter().map(|node| usize::from(node.member) + node.below.len()).sum()
    }

    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether the path is a member.
    pub fn contains(&self, path: &Path) -> bool {
        let Some((last, parents)) = path.elements().split_last() else { return false };
        let set = parents.iter().try_fold(self, |set, element| set.below(element));
        set.is_some_and(|set| set.has_member(last))
    }

    /// What lies below one element.
    pub fn below(&self, element: &Element<'_>) -> Option<&Set<'a>> {
        self.find(element).map(|node| &node.below).filter(|below| !below.is_empty())
    }

    /// Whether every path of `other` is a member.
    pub(super) fn has_all(&self, other: &Set<'_>) -> bool {
        let mut walk = self.walk();
        other.nodes.iter().all(|node| {
            let mine = walk.find(&node.element);
            mine.is_some_and(|mine| mine.member >= node.member && mine.below.has_all(&node.below))
        })
    }

    /// Whether the path of this one element is a member.
    pub fn has_member(&self, element: &Element<'_>) -> bool {
        self.find(element).is_some_and(|node| node.member)
    }

    /// The paths of either set.
    #[must_use]
    pub fn union(self, other: Set<'a>) -> Set<'a> {
        if self.nodes.is_empty() {
            return other;
        }
        // A shortcut: what has all of the other stays as it is.
        if other.nodes.is_empty() || self.has_all(&other) {
            return self;
        }
        let mut mine = self.into_nodes().into_iter().peekable();
        let mut theirs = other.into_nodes().into_iter().peekable();
        let mut nodes = Vec::with_capacity(mine.len().max(theirs.len()));
        loop {
            let order = match (mine.peek(), theirs.peek()) {
                (Some(left), Some(right)) => left.element.cmp(&right.element),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let left = if order.is_le() { mine.next() } else { None };
            let right = if order.is_ge() { theirs.next() } else { None };
            nodes.extend(match (left, right) {
                (Some(left), Some(right)) => Some(Node {
                    element: left.element,
                    member: left.member || right.member,
                    below: left.below.union(right.below),
                }),
                (left, right) => left.or(right),
            });
        }
        Set::of(nodes)
    }

    /// The paths that are not members of `other`.
    ///
    /// A parent and its child are two paths: taking away `.spec` leaves `.spec.type`, and the other way round.
    #[must_use]
    pub fn difference(self, other: &Set<'_>) -> Set<'a> {
        self.subtract(other, |node, subtracted| {
            node.member &= !subtracted.member;
            node.below = std::mem::take(&mut node.below).difference(&subtracted.below);
        })
    }

    /// The paths that are neither members of `other` nor lie below one.
    #[must_use]
    pub fn recursive_difference(self, other: &Set<'_>) -> Set<'a> {
        self.subtract(other, |node, subtracted| {
            let below = std::mem::take(&mut node.below);
            if subtracted.member {
                node.member = false;
            } else {
                node.below = below.recursive_difference(&subtracted.below);
            }
        })
    }

    fn subtract(mut self, other: &Set<'_>, cut: impl Fn(&mut Node<'a>, &Node<'_>)) -> Set<'a> {
        let mut walk = other.walk();
        // A shortcut: what is shared stays so where nothing is taken away.
        if self.nodes.iter().all(|node| walk.find(&node.element).is_none()) {
            return self;
        }
        let mut walk = other.walk();
        self.own().retain_mut(|node| {
            let Some(subtracted) = walk.find(&node.element) else { return true };
            cut(node, subtracted);
            !node.is_empty()
        });
        self
    }

    /// The paths that are members of both.
    #[must_use]
    pub fn intersection(&self, other: &Set<'_>) -> Set<'a> {
        match &self.nodes {
            Items::Own(nodes) => common(nodes, other, |node| node.element.clone(), |node, other| node.below.intersection(other)),
            Items::Shared(nodes) => {
                common(nodes, other, |node| node.element.borrowed(), |node, other| node.below.borrowed().intersection(other))
            }
        }
    }

    /// The members that have no path below them.
    #[must_use]
    pub fn leaves(mut self) -> Set<'a> {
        self.own().retain_mut(|node| {
            node.member &= node.below.is_empty();
            node.below = std::mem::take(&mut node.below).leaves();
            !node.is_empty()
        });
        self
    }

    /// The paths in upstream's order: of each node first all members, then what lies below them.
    pub fn iter(&self) -> impl Iterator<Item = Path> {
        let mut steps = vec![Step::Members(Path::new(), self)];
        let mut members = Vec::new().into_iter();
        std::iter::from_fn(move || {
            loop {
                if let Some(path) = members.next() {
                    return Some(path);
                }
                match steps.pop()? {
                    Step::Members(path, set) => {
                        let owned: Vec<_> = set.nodes.iter().filter(|node| node.member).collect();
                        members = owned
                            .into_iter()
                            .map(|node| path.clone().element(node.element.clone()))
                            .collect::<Vec<_>>()
                            .into_iter();
                        steps.push(Step::Below(path, set));
                    }
                    Step::Below(path, set) => {
                        let nested = set.nodes.iter().rev().filter(|node| !node.below.is_empty());
                        steps.extend(nested.map(|node| Step::Members(path.clone().element(node.element.clone()), &node.below)));
                    }
                }
            }
        })
    }

    /// The same set, borrowed from this one.
    pub(super) fn borrowed(&self) -> Set<'_> {
        Set { nodes: self.nodes.shared() }
    }

    /// The same set with elements of its own.
    pub fn into_owned(self) -> Set<'static> {
        let own =
            |node: Node<'a>| Node { element: node.element.into_owned(), member: node.member, below: node.below.into_owned() };
        Set::of(self.into_nodes().into_iter().map(own).collect())
    }

    pub(super) fn with_capacity(nodes: usize) -> Self {
        Set::of(Vec::with_capacity(nodes))
    }

    fn of(nodes: Vec<Node<'a>>) -> Self {
        Set { nodes: nodes.into() }
    }

    /// A set of nodes in any order, none of them empty; of repeated ones the last that has something below it counts.
    pub(super) fn of_unsorted(mut nodes: Vec<Node<'a>>) -> Self {
        if !nodes.is_sorted_by(|a, b| a.element < b.element) {
            nodes.sort_by(|a, b| a.element.cmp(&b.element));
            nodes.dedup_by(|later, kept| {
                let same = later.element == kept.element;
                if same {
                    kept.member |= later.member;
                    if !later.below.is_empty() {
                        kept.below = std::mem::take(&mut later.below);
                    }
                }
                same
            });
        }
        Set::of(nodes)
    }

    fn into_nodes(self) -> Vec<Node<'a>> {
        self.nodes.into_vec(Node::borrowed)
    }

    /// The nodes, to be changed.
    fn own(&mut self) -> &mut Vec<Node<'a>> {
        self.nodes.own(Node::borrowed)
    }

    pub(super) fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    /// Changes each node; none may become empty.
    pub(super) fn for_each_mut(&mut self, change: impl FnMut(&mut Node<'a>)) {
        self.own().iter_mut().for_each(change);
    }

    pub(super) fn find(&self, element: &Element<'_>) -> Option<&Node<'a>> {
        self.nodes.binary_search_by(|node| node.element.cmp(element)).ok().map(|at| &self.nodes[at])
    }

    /// Changes the node of an element, which comes into being if need be; what comes last in order is cheap.
    pub(super) fn descend(&mut self, element: Element<'a>, change: impl FnOnce(&mut Node<'a>)) {
        let nodes = self.own();
        let at = match nodes.last().map(|last| last.element.cmp(&element)) {
            None | Some(Ordering::Less) => Err(nodes.len()),
            Some(Ordering::Equal) => Ok(nodes.len() - 1),
            Some(Ordering::Greater) => nodes.binary_search_by(|node| node.element.cmp(&element)),
        };
        let at = at.unwrap_or_else(|at| {
            nodes.insert(at, Node { element, member: false, below: Set::new() });
            at
        });
        change(&mut nodes[at]);
    }

    /// Appends a node behind all others, unless it is empty.
    pub(super) fn push(&mut self, node: Node<'a>) {
        if !node.is_empty() {
            debug_assert!(self.nodes.last().is_none_or(|last| last.element < node.element), "nodes out of order");
            self.own().push(node);
        }
    }

    /// Appends nodes behind all others.
    pub(super) fn extend(&mut self, nodes: impl IntoIterator<Item = Node<'a>>) {
        nodes.into_iter().for_each(|node| self.push(node));
    }

    /// Looks up elements that come in order.
    pub(super) fn walk<'s>(&'s self) -> Walk<'s, 'a> {
        Walk { rest: &self.nodes }
    }

    /// This set and every declared field on the way to a member (`EnsureNamedFieldsAreMembers`).
    #[must_use]
    pub(super) fn with_named_fields(mut self, ty: Option<TypeRef<'_>>) -> Set<'a> {
        self.for_each_mut(|node| {
            if !node.below.is_empty() {
                let (inner, declared) = node.place(ty);
                node.member |= declared;
                node.below = std::mem::take(&mut node.below).with_named_fields(inner);
            }
        });
        self
    }

    /// As [`difference`](Set::difference) from [`other.with_named_fields(ty)`](Set::with_named_fields).
    #[must_use]
    pub(super) fn difference_with_named_fields(self, other: &Set<'_>, ty: Option<TypeRef<'_>>) -> Set<'a> {
        self.subtract(other, |node, subtracted| {
            if subtracted.below.is_empty() {
                node.member &= !subtracted.member;
                return;
            }
            let (inner, declared) = subtracted.place(ty);
            node.member &= !(subtracted.member || declared);
            node.below = std::mem::take(&mut node.below).difference_with_named_fields(&subtracted.below, inner);
        })
    }
}

/// Sets are equal that have the same paths.
impl PartialEq for Set<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.nodes(), other.nodes()) || self.nodes() == other.nodes()
    }
}

impl Eq for Set<'_> {}

/// The nodes that another set has as well: what is a member of both, or leads to one.
fn common<'n, 'a>(
    nodes: &'n [Node<'a>],
    other: &Set<'_>,
    element: impl Fn(&'n Node<'a>) -> Element<'a>,
    below: impl Fn(&'n Node<'a>, &Set<'_>) -> Set<'a>,
) -> Set<'a> {
    let mut walk = other.walk();
    let mut found = Vec::new();
    for node in nodes {
        let Some(common) = walk.find(&node.element) else { continue };
        let (member, below) = (node.member && common.member, below(node, &common.below));
        if member || !below.is_empty() {
            found.push(Node { element: element(node), member, below });
        }
    }
    Set::of(found)
}

/// Where [`Set::iter`] goes on.
enum Step<'s, 'a> {
    Members(Path, &'s Set<'a>),
    Below(Path, &'s Set<'a>),
}

/// Looks up elements of a set in ascending order, each in amortised constant time.
pub(super) struct Walk<'s, 'a> {
    rest: &'s [Node<'a>],
}

impl<'s, 'a> Walk<'s, 'a> {
    /// The node of `element`, which is not smaller than the one asked for before.
    pub(super) fn find(&mut self, element: &Element<'_>) -> Option<&'s Node<'a>> {
        while let Some((node, rest)) = self.rest.split_first() {
            match node.element.cmp(element) {
                Ordering::Less => self.rest = rest,
                Ordering::Equal => return Some(node),
                Ordering::Greater => return None,
            }
        }
        None
    }
}

impl FromIterator<Path> for Set<'static> {
    fn from_iter<I: IntoIterator<Item = Path>>(paths: I) -> Self {
        let mut set = Set::new();
        for path in paths {
            set.insert(path.elements().iter().cloned());
        }
        set
    }
}

/// One path a line, in upstream's order.
impl fmt::Display for Set<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().enumerate().try_for_each(|(at, path)| write!(f, "{}{path}", if at > 0 { "\n" } else { "" }))
    }
}

/// The `fieldsV1` that says the same.
impl From<&Set<'_>> for Value<'static> {
    fn from(set: &Set<'_>) -> Self {
        set.to_fields_v1()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &str) -> Set<'static> {
        paths.split_whitespace().map(|path| path.parse::<Path>().unwrap()).collect()
    }

    #[track_caller]
    fn check(found: &Set<'_>, expect: &str) {
        let expect: Vec<_> = expect.split_whitespace().collect();
        assert_eq!(found.to_string(), expect.join("\n"));
        assert_eq!(found.len(), expect.len());
        assert_eq!(found.is_empty(), expect.is_empty());
    }

    #[test]
    fn has_all_of_another() {
        for (one, other, expect) in [
            (".a .a.b .c", ".a.b .c", true),
            (".a .a.b", ".c", false),
            (".a.b", ".a", false),
            (".a", ".a.b", false),
            ("", "", true),
        ] {
            assert_eq!(set(one).has_all(&set(other)), expect, "{one} {other}");
            assert_eq!(set(one).union(set(other)) == set(one), expect, "{one} {other}");
        }
    }

    #[test]
    fn members_come_before_what_lies_below() {
        let mixed = set(".spec.ports[port=80].name .spec.type .spec.ports[port=443] .spec .spec.ports[port=9].name");
        check(&mixed, ".spec .spec.type .spec.ports[port=443] .spec.ports[port=9].name .spec.ports[port=80].name");
    }

    #[test]
    fn parent_and_child_are_two_paths() {
        check(&set(".a .a.b").difference(&set(".a")), ".a.b");
        check(&set(".a .a.b").difference(&set(".a.b")), ".a");
        check(&set(".a.b").difference(&set(".a")), ".a.b");
        check(&set(".a .a.b .c").recursive_difference(&set(".a")), ".c");
        check(&set(".a .a.b .a.c").recursive_difference(&set(".a.b")), ".a .a.c");
        check(&set(".a .a.b").intersection(&set(".a.b .c")), ".a.b");
        check(&set(".a.b").intersection(&set(".a")), "");
        check(&set(".a .a.b .c").leaves(), ".c .a.b");
        check(&set(".a .c.d").union(set(".a.b .c .d")), ".a .c .d .a.b .c.d");
    }

    #[test]
    fn elements_of_all_kinds_in_order() {
        let sorted = r#".b [a=1] [a=1,b=2] [a=2] [=1] [="x"] [0] [12]"#;
        check(&set(r#"[12] [="x"] [a=2] .b [0] [a=1,b=2] [=1] [a=1]"#), sorted);
    }

    #[test]
    fn a_path_that_is_written_twice_is_one() {
        let fields = crate::value::parse(br#"{"k:{\"a\":1,\"b\":2}":{".":{}},"k:{\"b\":2,\"a\":1}":{"f:c":{}}}"#).unwrap();
        let found = Set::from_fields_v1(&fields).unwrap();
        check(&found, "[a=1,b=2] [a=1,b=2].c");
        assert_eq!(Value::from(&found).to_string(), r#"{"k:{\"a\":1,\"b\":2}":{".":{},"f:c":{}}}"#);
    }

    #[test]
    fn contains_members_only() {
        let set = set(".a.b .c");
        let contains = |path: &str| set.contains(&path.parse().unwrap());
        assert!(contains(".a.b") && contains(".c"));
        assert!(!contains(".a") && !contains(".a.b.c") && !contains(".d") && !set.contains(&Path::new()));
    }
}
