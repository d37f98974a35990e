//! YAML as kubectl reads it: the tree of a document with the place of every field.
//!
//! Models `sigs.k8s.io/yaml` v1.6.0 over `go.yaml.in/yaml/v2` (`decode.go`): the last of a repeated key stays, keys become strings,
//! aliases are copies, and a merge key takes effect where it stands, so that what follows it wins and what precedes it loses.
//! The grammar is the parser's, which is of YAML 1.2; texts that only one of the two reads are left out.

use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::scalar::{self, Scalar};
use super::{Place, RepeatedKey};
use crate::Error;
use crate::error::Kind;
use crate::path::{Element, Path};
use crate::value::{MAX_DEPTH, Map, Value};

/// More copies than this by aliases are taken for an attack.
const MAX_ALIASED: usize = 100_000;

/// A value in a YAML text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) content: Content,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Scalar(Value<'static>),
    List(Vec<Node>),
    Map(BTreeMap<String, Entry>),
}

/// A member of a mapping; its place is that of its key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) node: Node,
    /// Taken over by a merge key.
    merged: bool,
}

impl Node {
    pub(super) fn value(&self) -> Value<'static> {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => Value::List(items.iter().map(Node::value).collect()),
            Content::Map(entries) => {
                let members = entries.iter().map(|(key, entry)| (key.clone().into(), entry.node.value()));
                Value::Map(Map::from_entries(members.collect()))
            }
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.content, Content::Scalar(Value::Null))
    }
}

/// The documents of a text that hold anything, and the keys that are given twice.
pub(super) struct Documents {
    pub(super) nodes: Vec<Node>,
    pub(super) repeated: Vec<RepeatedKey>,
}

/// Reads all documents of a text.
///
/// # Errors
/// [`Error::is_syntax`] and [`Error::is_too_deep`], with line and column.
pub(super) fn read(text: &str) -> Result<Documents, Error> {
    // As libyaml does it.
    let options = granit_parser::options! { block_scalar_eof_without_line_feed: true };
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { parser, anchors: BTreeMap::new(), path: Vec::new(), repeated: Vec::new(), aliased: 0 };
    let mut nodes = Vec::new();
    while let Some((event, _)) = reader.next()? {
        if matches!(event, Event::DocumentStart(..)) {
            reader.anchors.clear();
            let node = reader.node()?;
            if !node.is_null() {
                nodes.push(node);
            }
        }
    }
    Ok(Documents { nodes, repeated: reader.repeated })
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    anchors: BTreeMap<usize, Anchored>,
    path: Vec<Element<'static>>,
    repeated: Vec<RepeatedKey>,
    aliased: usize,
}

struct Anchored {
    node: Node,
    depth: usize,
    size: usize,
}

impl Anchored {
    fn new(node: Node) -> Self {
        let (depth, size) = measure(&node);
        Anchored { node, depth, size }
    }
}

/// How deep a value is nested, and how many values it holds.
fn measure(node: &Node) -> (usize, usize) {
    let parts: Vec<_> = match &node.content {
        Content::Scalar(_) => return (0, 1),
        Content::List(items) => items.iter().map(measure).collect(),
        Content::Map(entries) => entries.values().map(|entry| measure(&entry.node)).collect(),
    };
    let deepest = parts.iter().map(|part| part.0).max().unwrap_or(0);
    (deepest + 1, parts.iter().map(|part| part.1).sum::<usize>() + 1)
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Error> {
        self.parser.next_event().transpose().map_err(|error| scan_error(&error))
    }

    fn error(&self, kind: Kind, place: Place, message: impl Into<String>) -> Error {
        let path: Path = self.path.iter().cloned().collect();
        let inside = if path.is_empty() { String::new() } else { format!(" ({path})") };
        Error::new(kind, Some(format!("{place}{inside}")), message)
    }

    fn node(&mut self) -> Result<Node, Error> {
        match self.next()? {
            Some((event, span)) => self.node_of(event, place_of(&span)),
            None => Err(self.error(Kind::Syntax, Place::START, "the text ends too early")),
        }
    }

    fn node_of(&mut self, event: Event<'t>, place: Place) -> Result<Node, Error> {
        let (content, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar { text: &text, tag: tag.as_deref(), plain: style == ScalarStyle::Plain };
                let value = scalar::resolve(&scalar).map_err(|message| self.error(Kind::Syntax, place, message))?;
                (Content::Scalar(value), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => (self.list(place, tag.as_deref())?, anchor),
            Event::MappingStart(_, anchor, tag) => (self.map(place, tag.as_deref())?, anchor),
            Event::Alias(anchor) => return self.alias(anchor, place),
            _ => return Err(self.error(Kind::Syntax, place, "a value is missing")),
        };
        let node = Node { place, content };
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored::new(node.clone()));
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<Node, Error> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(self.error(Kind::Syntax, place, "an alias stands inside of its own anchor"));
        };
        self.aliased += anchored.size;
        if self.aliased > MAX_ALIASED {
            return Err(self.error(Kind::TooDeep, place, "aliases make the document too large"));
        }
        if self.path.len() + anchored.depth > MAX_DEPTH {
            return Err(too_deep(place));
        }
        Ok(Node { place, content: anchored.node.content.clone() })
    }

    fn enter(&self, place: Place, tag: Option<&Tag>, wanted: &str) -> Result<(), Error> {
        if self.path.len() >= MAX_DEPTH {
            return Err(too_deep(place));
        }
        match tag {
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix() != wanted => {
                Err(self.error(Kind::Syntax, place, format!("the tag !!{} does not fit what follows it", tag.suffix())))
            }
            _ => Ok(()),
        }
    }

    fn list(&mut self, place: Place, tag: Option<&Tag>) -> Result<Content, Error> {
        self.enter(place, tag, "seq")?;
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            self.path.push(Element::Index(items.len()));
            items.push(self.node_of(event, place_of(&span))?);
            self.path.pop();
        }
        Ok(Content::List(items))
    }

    fn map(&mut self, place: Place, tag: Option<&Tag>) -> Result<Content, Error> {
        self.enter(place, tag, "map")?;
        let mut entries = BTreeMap::new();
        while let Some((event, span)) = self.next()? {
            let place = place_of(&span);
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, style, _, tag)
                    if scalar::is_merge(&Scalar { text: &text, tag: tag.as_deref(), plain: style == ScalarStyle::Plain }) =>
                {
                    self.merge(place, &mut entries)?;
                    continue;
                }
                event => self.key(event, place)?,
            };
            self.path.push(Element::field(key.clone()));
            let node = self.node()?;
            if let Some(earlier) = entries.get(&key).filter(|earlier: &&Entry| !earlier.merged) {
                let path = self.path.iter().cloned().collect();
                self.repeated.push(RepeatedKey { path, first: earlier.place, place });
            }
            self.path.pop();
            entries.insert(key, Entry { place, node, merged: false });
        }
        Ok(Content::Map(entries))
    }

    fn key(&mut self, event: Event<'t>, place: Place) -> Result<String, Error> {
        let node = self.node_of(event, place)?;
        let Content::Scalar(value) = node.content else {
            return Err(self.error(Kind::WrongType, place, "a list or an object cannot be a key"));
        };
        scalar::key(&value).ok_or_else(|| self.error(Kind::WrongType, place, "null cannot be a key"))
    }

    fn merge(&mut self, place: Place, entries: &mut BTreeMap<String, Entry>) -> Result<(), Error> {
        self.path.push(Element::field("<<"));
        let sources = match self.node()?.content {
            Content::Map(source) => vec![source],
            // Upstream: of several mappings the earlier ones win, so they are taken last.
            Content::List(items) => {
                let maps = items.into_iter().rev().map(|item| match item.content {
                    Content::Map(source) => Ok(source),
                    _ => Err(self.error(Kind::WrongType, place, "`<<` takes an object or a list of objects")),
                });
                maps.collect::<Result<_, _>>()?
            }
            Content::Scalar(_) => return Err(self.error(Kind::WrongType, place, "`<<` takes an object or a list of objects")),
        };
        self.path.pop();
        for (key, entry) in sources.into_iter().flatten() {
            entries.insert(key, Entry { merged: true, ..entry });
        }
        Ok(())
    }
}

fn place_of(span: &Span) -> Place {
    Place { line: span.start.line(), column: span.start.col() + 1 }
}

fn too_deep(place: Place) -> Error {
    Error::new(Kind::TooDeep, Some(place.to_string()), format!("nested deeper than {MAX_DEPTH}"))
}

fn scan_error(error: &ScanError) -> Error {
    // The scanner runs ahead of the reader and has a limit of its own, beyond this one.
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_deep(Place { line: error.marker().line(), column: error.marker().col() + 1 });
    }
    Error::syntax(error.marker().line(), error.marker().col() + 1, &error.info())
}
