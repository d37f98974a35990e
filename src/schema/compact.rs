//! The short text in which the built-in kinds are kept.
//!
//! A line at the margin names a kind (`kind v1 Service io.k8s.api.core.v1.Service`) or begins a struct (`struct NAME`, with ` atomic`
//! behind it where the server merges it as one value). An indented line is a field of it: name, type, and where they are stated
//! `=` with the default and `~` with the patch strategy and merge key. Types: `boolean`, `numeric`, `string`, `untyped`,
//! `int-or-string`, the [`Freedom`]s `any`, `object` and `raw`, `[T]` an atomic list, `[T]set`, `[T]map(port,protocol)`, `{T}` an object with free keys, `{T}atomic`, and a struct by its name,
//! with `!` behind it where this use of it is atomic.

use super::{Def, FieldDef, Freedom, KindDef, ListType, Patch, Scalar, Strategy, StructDef, Types};
use crate::value::{self, Value};

/// Reads the text; `None` if it is not in the form above.
pub(super) fn read(text: &str) -> Option<Types> {
    let mut reader = Reader { types: Types::default(), structs: Vec::new() };
    for line in text.lines() {
        if let Some(header) = line.strip_prefix("struct ") {
            let (name, atomic) = header.strip_suffix(" atomic").map_or((header, false), |name| (name, true));
            let id = reader.structure(name, false);
            reader.types.defs[id] = Def::Struct(StructDef { name: Some(name.into()), atomic, fields: Vec::new(), rest: None });
        }
    }
    let mut current = None;
    for line in text.lines() {
        if let Some(field) = line.strip_prefix(' ') {
            let field = reader.field(field)?;
            let Def::Struct(def) = reader.types.defs.get_mut(current?)? else { return None };
            def.fields.push(field);
        } else if let Some(header) = line.strip_prefix("struct ") {
            current = Some(reader.structure(header.strip_suffix(" atomic").unwrap_or(header), false));
        } else {
            let mut words = line.strip_prefix("kind ")?.split(' ');
            let (api_version, kind, root) = (words.next()?, words.next()?, words.next()?);
            let root = reader.structure(root, false);
            reader.types.kinds.push(KindDef { api_version: api_version.into(), kind: kind.into(), root });
        }
    }
    // Atomic uses of a struct have its fields.
    for (name, atomic, id) in reader.structs.clone() {
        if atomic {
            let plain = reader.structure(&name, false);
            let Def::Struct(def) = reader.types.defs[plain].clone() else { return None };
            reader.types.defs[id] = Def::Struct(StructDef { atomic: true, ..def });
        }
    }
    Some(reader.types)
}

struct Reader {
    types: Types,
    /// Name, whether this use is atomic, and place.
    structs: Vec<(Box<str>, bool, usize)>,
}

impl Reader {
    fn structure(&mut self, name: &str, atomic: bool) -> usize {
        if let Some((.., id)) = self.structs.iter().find(|(known, kind, _)| **known == *name && *kind == atomic) {
            return *id;
        }
        self.types.defs.push(Def::placeholder(name));
        self.structs.push((name.into(), atomic, self.types.defs.len() - 1));
        self.types.defs.len() - 1
    }

    fn add(&mut self, def: Def) -> usize {
        self.types.defs.iter().position(|known| !matches!(known, Def::Struct(_)) && *known == def).unwrap_or_else(|| {
            self.types.defs.push(def);
            self.types.defs.len() - 1
        })
    }

    fn field(&mut self, line: &str) -> Option<FieldDef> {
        let (line, patch) = line.split_once(" ~").map_or((line, None), |(line, patch)| (line, Some(patch)));
        let (line, default) = line.split_once(" = ").map_or((line, None), |(line, default)| (line, Some(default)));
        let (name, ty) = line.split_once(' ')?;
        Some(FieldDef {
            name: name.into(),
            ty: self.ty(ty)?,
            default: default.map(|default| value::parse(default.as_bytes()).map(Value::into_owned)).transpose().ok()?,
            patch: patch.map(read_patch).unwrap_or_default(),
        })
    }

    fn ty(&mut self, text: &str) -> Option<usize> {
        let def = match text {
            "any" => Def::Any(Freedom::Deduced),
            "object" => Def::Any(Freedom::Object),
            "raw" => Def::Any(Freedom::Atomic),
            "int-or-string" => Def::IntOrString,
            "boolean" => Def::Scalar(Scalar::Boolean),
            "numeric" => Def::Scalar(Scalar::Numeric),
            "string" => Def::Scalar(Scalar::String),
            "untyped" => Def::Scalar(Scalar::Untyped),
            _ if text.starts_with('[') => {
                let (item, list_type) = text[1..].rsplit_once(']')?;
                let list_type = match list_type {
                    "" => ListType::Atomic,
                    "set" => ListType::Set,
                    keys => ListType::Map(keys.strip_prefix("map(")?.strip_suffix(')')?.split(',').map(Into::into).collect()),
                };
                Def::List { item: self.ty(item)?, list_type }
            }
            _ if text.starts_with('{') => {
                let (value, map_type) = text[1..].rsplit_once('}')?;
                Def::Map { value: self.ty(value)?, atomic: map_type == "atomic" }
            }
            _ => {
                let (name, atomic) = text.strip_suffix('!').map_or((text, false), |name| (name, true));
                return Some(self.structure(name, atomic));
            }
        };
        Some(self.add(def))
    }
}

fn read_patch(text: &str) -> Patch {
    let (strategies, merge_key) = text.split_once(':').map_or((text, None), |(strategies, key)| (strategies, Some(key)));
    let stated = |strategy: &str| strategies.split(',').any(|word| word == strategy);
    Patch {
        strategy: match () {
            () if stated("merge") => Strategy::Merge,
            () if stated("replace") => Strategy::Replace,
            () => Strategy::Unstated,
        },
        retain_keys: stated("retainKeys"),
        merge_key: merge_key.map(Into::into),
    }
}

/// Writes the text that [`read`] reads.
#[cfg(test)]
pub(super) fn write(types: &Types) -> String {
    let mut out = String::new();
    let name_of = |id: usize| match &types.defs[id] {
        Def::Struct(def) => def.name.as_deref().unwrap(),
        _ => panic!("a kind is a struct"),
    };
    for kind in &types.kinds {
        out += &format!("kind {} {} {}\n", kind.api_version, kind.kind, name_of(kind.root));
    }
    let mut structs: Vec<_> =
        types.defs.iter().filter_map(|def| if let Def::Struct(def) = def { Some(def) } else { None }).collect();
    structs.sort_by(|a, b| a.name.cmp(&b.name));
    for (at, def) in structs.iter().enumerate() {
        // Of a struct that some uses make atomic only the plain form is written.
        let twin = |other: &&&StructDef| other.name == def.name && !other.atomic;
        if structs[..at].iter().any(|other| other.name == def.name) || (def.atomic && structs.iter().any(|other| twin(&other))) {
            continue;
        }
        out += &format!("struct {}{}\n", def.name.as_deref().unwrap(), if def.atomic { " atomic" } else { "" });
        for field in &def.fields {
            out += &format!(" {} {}", field.name.text, type_text(types, field.ty));
            if let Some(default) = &field.default {
                out += &format!(" = {default}");
            }
            let strategy = match field.patch.strategy {
                Strategy::Unstated => None,
                Strategy::Merge => Some("merge"),
                Strategy::Replace => Some("replace"),
            };
            let strategies: Vec<_> = strategy.into_iter().chain(field.patch.retain_keys.then_some("retainKeys")).collect();
            if field.patch != Patch::default() {
                out += &format!(" ~{}", strategies.join(","));
            }
            if let Some(key) = &field.patch.merge_key {
                out += &format!(":{key}");
            }
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
fn type_text(types: &Types, id: usize) -> String {
    match &types.defs[id] {
        Def::Any(Freedom::Deduced) => "any".into(),
        Def::Any(Freedom::Object) => "object".into(),
        Def::Any(Freedom::Atomic) => "raw".into(),
        Def::IntOrString => "int-or-string".into(),
        Def::Scalar(Scalar::Boolean) => "boolean".into(),
        Def::Scalar(Scalar::Numeric) => "numeric".into(),
        Def::Scalar(Scalar::String) => "string".into(),
        Def::Scalar(Scalar::Untyped) => "untyped".into(),
        Def::List { item, list_type } => {
            let list_type = match list_type {
                ListType::Atomic => String::new(),
                ListType::Set => "set".into(),
                ListType::Map(keys) => format!("map({})", keys.join(",")),
            };
            format!("[{}]{list_type}", type_text(types, *item))
        }
        Def::Map { value, atomic } => format!("{{{}}}{}", type_text(types, *value), if *atomic { "atomic" } else { "" }),
        Def::Struct(def) => {
            let plain =
                types.defs.iter().any(|other| matches!(other, Def::Struct(other) if other.name == def.name && !other.atomic));
            format!("{}{}", def.name.as_deref().unwrap(), if def.atomic && plain { "!" } else { "" })
        }
    }
}
