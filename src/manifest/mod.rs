//! A manifest as kubectl reads it, with the place of each field in its text.
//!
//! Models `NewYAMLOrJSONDecoder` of apimachinery v0.37.2 (`pkg/util/yaml`) over `sigs.k8s.io/yaml` v1.6.0: a text that begins with
//! `{` is JSON, any other is YAML 1.1, and YAML becomes JSON before anything else is done with it. Left out: lists of objects and
//! texts with several of them, and line breaks that only YAML 1.1 has, all of which are refused.

mod convert;
#[cfg(feature = "yaml")]
mod scalar;
#[cfg(feature = "yaml")]
mod yaml;

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::Error;
use crate::error::Kind;
use crate::path::Path;
use crate::value::{self, Value};

/// One object, read from JSON or YAML, that knows where in its text each field stands.
///
/// ```
/// use mergekey::Manifest;
///
/// let manifest = Manifest::from_json(r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}}"#)?;
/// assert_eq!(manifest.object()["kind"], "Service");
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Manifest {
    value: Arc<Value<'static>>,
    /// The same for those who ask for JSON.
    object: OnceLock<serde_json::Value>,
    file: Option<String>,
    text: Option<String>,
    repeated: Vec<RepeatedKey>,
    /// Read when a place is first asked for, if the text is JSON.
    #[cfg(feature = "yaml")]
    root: OnceLock<Option<yaml::Node>>,
}

/// Two manifests are equal if they are the same object, text and file.
impl PartialEq for Manifest {
    fn eq(&self, other: &Self) -> bool {
        (&self.value, &self.text, &self.file) == (&other.value, &other.text, &other.file)
    }
}

/// A place in a text; lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Place {
    #[cfg(feature = "yaml")]
    const START: Place = Place { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A key that an object of a YAML text has twice; kubectl takes the last one and says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepeatedKey {
    /// The field, by list indexes.
    pub path: Path,
    /// Where it is given first.
    pub first: Place,
    /// Where it is given again.
    pub place: Place,
}

impl Manifest {
    /// Takes an object that is JSON already; it has no places.
    ///
    /// # Errors
    /// [`Error::is_wrong_type`] if it is not an object, or a list of objects; [`Error::is_too_deep`] beyond
    /// [`MAX_DEPTH`](value::MAX_DEPTH).
    pub fn new(object: serde_json::Value) -> Result<Self, Error> {
        Manifest::try_from(&object)
    }

    /// The same of an object that has its keys in order.
    pub(crate) fn of(object: Value<'_>) -> Result<Self, Error> {
        Manifest::owned(object.into_owned())
    }

    /// The same of an object that has its strings.
    pub(crate) fn owned(object: Value<'static>) -> Result<Self, Error> {
        checked(Manifest::unchecked(object))
    }

    fn unchecked(mut value: Value<'static>) -> Self {
        value.keep();
        Manifest {
            value: Arc::new(value),
            object: OnceLock::new(),
            file: None,
            text: None,
            repeated: Vec::new(),
            #[cfg(feature = "yaml")]
            root: OnceLock::new(),
        }
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// [`Error::is_syntax`] with line and column; otherwise as [`Manifest::new`].
    pub fn from_json(text: impl AsRef<[u8]>) -> Result<Self, Error> {
        let bytes = text.as_ref();
        let manifest = Manifest::of(value::parse(bytes)?)?;
        Ok(Manifest { text: std::str::from_utf8(bytes).ok().map(str::to_owned), ..manifest })
    }

    /// Reads YAML as kubectl does: YAML 1.1, where a bare `yes` is a boolean and `80.0` is 80.
    ///
    /// One document that holds something; empty ones are passed over.
    ///
    /// # Errors
    /// [`Error::is_syntax`] with line and column, also for a second document; [`Error::is_wrong_type`] for what is not an object or
    /// is a list of objects; [`Error::is_too_deep`] beyond [`MAX_DEPTH`](value::MAX_DEPTH).
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        // Upstream: a text is cut at lines of three dashes before it is read, and a directive is then cut off from its document.
        let is_empty = |line: &str| line.trim_start().is_empty() || line.trim_start().starts_with('#');
        if let Some((line, _)) =
            text.lines().enumerate().find(|(_, line)| !is_empty(line)).filter(|(_, line)| line.starts_with('%'))
        {
            return Err(Error::syntax(line + 1, 1, "a directive stands here, kubectl takes none"));
        }
        check_breaks(text)?;
        let documents = yaml::read(text)?;
        let mut nodes = documents.nodes.into_iter();
        let Some(root) = nodes.next() else {
            return Err(Error::new(Kind::Syntax, None, "the text is empty, no manifest is in it"));
        };
        if let Some(second) = nodes.next() {
            let message = "a second document stands here, give one manifest at a time";
            return Err(Error::syntax(second.place.line, second.place.column, message));
        }
        let (text, repeated) = (Some(text.to_owned()), documents.repeated);
        let manifest = Manifest::unchecked(root.value());
        checked(Manifest { text, repeated, root: OnceLock::from(Some(root)), ..manifest })
    }

    /// Reads JSON if the text begins with `{`, and YAML otherwise (feature `yaml`), as kubectl tells them apart.
    ///
    /// # Errors
    /// As [`Manifest::from_json`] and `Manifest::from_yaml`.
    pub fn from_text(text: impl AsRef<[u8]>) -> Result<Self, Error> {
        let bytes = text.as_ref();
        let is_json = bytes.trim_ascii_start().starts_with(b"{");
        let json = if is_json { Some(Manifest::from_json(bytes)) } else { None };
        match json {
            Some(Ok(manifest)) => Ok(manifest),
            json => read_other(bytes, json.and_then(Result::err)),
        }
    }

    /// Names the file that it was read from, for commands and snippets.
    #[must_use]
    pub fn with_file(self, file: impl Into<String>) -> Self {
        Manifest { file: Some(file.into()), ..self }
    }

    /// The file that it was read from, if that was told.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The object.
    pub fn object(&self) -> &serde_json::Value {
        self.object.get_or_init(|| self.value.borrowed().into_serde())
    }

    /// The same with its keys in order.
    pub(crate) fn value(&self) -> &Arc<Value<'static>> {
        &self.value
    }

    /// The keys that stand twice in one object of the text.
    pub fn repeated_keys(&self) -> &[RepeatedKey] {
        &self.repeated
    }

    /// Where a field or list item stands in the text; list items are found by their index.
    ///
    /// ```
    /// use mergekey::{Manifest, path::Path};
    ///
    /// let manifest = Manifest::from_yaml("kind: Service\nspec:\n  ports:\n  - port: 53\n  - port: 80\n")?;
    /// let place = manifest.place(&Path::new().field("spec").field("ports").index(1).field("port"));
    /// assert_eq!(place.map(|place| (place.line, place.column)), Some((5, 5)));
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    pub fn place(&self, path: &Path) -> Option<Place> {
        #[cfg(feature = "yaml")]
        {
            use crate::path::Element;
            // JSON is YAML as far as places go. Where the two differ there are no places.
            let read = || yaml::read(self.text.as_deref()?).ok()?.nodes.pop();
            let root = self.root.get_or_init(read).as_ref()?;
            let found =
                path.elements().iter().try_fold((root.place, root), |(_, node), element| match (element, &node.content) {
                    (Element::Field(name), yaml::Content::Map(entries)) => {
                        entries.get(&**name).map(|entry| (entry.place, &entry.node))
                    }
                    (Element::Index(index), yaml::Content::List(items)) => items.get(*index).map(|item| (item.place, item)),
                    _ => None,
                });
            found.map(|(place, _)| place)
        }
        #[cfg(not(feature = "yaml"))]
        {
            let _ = path;
            None
        }
    }

    /// The text if it is JSON, with its members in their own order.
    pub(crate) fn json_text(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| text.trim_ascii_start().starts_with('{'))
    }

    /// A line of the text, counted from 1.
    pub fn line(&self, number: usize) -> Option<&str> {
        // To YAML a carriage return ends a line by itself.
        self.text.as_deref()?.lines().flat_map(|line| line.split('\r')).nth(number.checked_sub(1)?)
    }
}

/// What a YAML text holds, be it an object or not; what holds nothing is `null`. Only the feature `yaml` reads it.
pub(crate) fn read_yaml(text: &str) -> Result<Value<'static>, Error> {
    #[cfg(feature = "yaml")]
    {
        check_breaks(text)?;
        let nodes = yaml::read(text)?.nodes;
        match &*nodes {
            [] => Ok(Value::Null),
            [node] => Ok(node.value()),
            [_, second, ..] => Err(Error::syntax(second.place.line, second.place.column, "a second document stands here")),
        }
    }
    #[cfg(not(feature = "yaml"))]
    {
        value::parse(text.as_bytes()).map(Value::into_owned)
    }
}

/// Refuses the line breaks that only YAML 1.1 has, and with it kubectl.
#[cfg(feature = "yaml")]
fn check_breaks(text: &str) -> Result<(), Error> {
    let odd = |c| value::YAML_BREAKS.contains(&c);
    let found = text.lines().enumerate().find_map(|(line, text)| Some((line, text.chars().position(odd)?)));
    found.map_or(Ok(()), |(line, column)| {
        Err(Error::syntax(line + 1, column + 1, "a line break of YAML 1.1 stands here, write it as an escape"))
    })
}

#[cfg(feature = "yaml")]
fn read_other(bytes: &[u8], json: Option<Error>) -> Result<Manifest, Error> {
    let yaml = std::str::from_utf8(bytes)
        .map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
            Error::new(Kind::Syntax, Some(format!("line {line}")), "the text is not UTF-8")
        })
        .and_then(Manifest::from_yaml);
    // What begins as JSON and is neither is told as JSON, unless it is YAML of a wrong shape.
    match (yaml, json) {
        (Err(error), Some(json)) if error.is_syntax() => Err(json),
        (yaml, _) => yaml,
    }
}

#[cfg(not(feature = "yaml"))]
fn read_other(bytes: &[u8], json: Option<Error>) -> Result<Manifest, Error> {
    match json {
        Some(error) => Err(error),
        None if bytes.trim_ascii().is_empty() => Err(Error::new(Kind::Syntax, None, "the text is empty, no manifest is in it")),
        None => Manifest::from_json(bytes)
            .map_err(|error| Error::new(error.kind(), None, format!("{error} (YAML is read with the feature `yaml`)"))),
    }
}

/// One object is wanted.
fn checked(manifest: Manifest) -> Result<Manifest, Error> {
    let wrong = |message: String| {
        let place = manifest.place(&Path::new()).map(|place| place.to_string());
        Err(Error::new(Kind::WrongType, place, message))
    };
    let Some(object) = manifest.value.as_map() else {
        let found = match &*manifest.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::String(_) => "a string",
            _ => "a list",
        };
        return wrong(format!("{found} stands where an object belongs"));
    };
    let items = object.get("items").and_then(Value::as_list);
    match (items, object.get("kind").and_then(Value::as_str)) {
        (Some(items), Some(kind)) if kind.ends_with("List") => {
            wrong(format!("a {kind} of {} objects, give one (`kubectl get service NAME -o yaml` prints one)", items.len()))
        }
        _ => Ok(manifest),
    }
}

#[cfg(test)]
mod tests;
