//! The architecture, read from the sources: who may know whom, what nobody may use, and which words belong where.
//!
//! `docs/architecture.md` says why. A rule that fails here is either a mistake in the code or a decision to be made there.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own data has failed")]

mod source;

use std::collections::{BTreeMap, BTreeSet};

use mergekey::schema::{Schema, Shape, Type};
use source::{Kind, Source, sources};

/// The rooms, and whom each may know besides itself: data flows one way, nobody looks back.
const ROOMS: &[(&str, &[&str])] = &[
    // The one error type of all rooms.
    ("error", &["path", "value"]),
    ("value", &["error", "path"]),
    ("path", &["error", "value"]),
    ("schema", &["error", "path", "value"]),
    ("strategic", &["error", "path", "schema", "value"]),
    ("structured", &["error", "path", "schema", "value"]),
    ("service", &["error", "path", "value"]),
    ("manifest", &["error", "path", "value"]),
    // The only place where the dialects and the Service's rules meet.
    ("cluster", &["error", "manifest", "path", "schema", "service", "strategic", "structured", "value"]),
    ("explain", &["cluster", "error", "manifest", "path", "schema", "strategic", "structured", "value"]),
    // The edges: other crates' types in and out.
    ("rfc6902", &["cluster", "error", "explain", "manifest", "path", "value"]),
    ("typed", &["cluster", "error", "explain", "manifest", "value"]),
    // What tests of one's own are made of: laws read reports, strategies play commands.
    ("laws", &["error", "explain", "manifest"]),
    ("strategy", &["cluster", "explain", "manifest"]),
    ("_documentation", &[]),
];

/// What is on the root, and which room it comes from.
fn root_names(sources: &[Source]) -> BTreeMap<String, String> {
    let lib = sources.iter().find(|source| source.name == "src/lib.rs").unwrap();
    let mut names = BTreeMap::new();
    for used in lib.text.lines().filter_map(|line| line.trim().strip_prefix("pub use ")) {
        let (room, rest) = used.trim_end_matches(';').split_once("::").unwrap();
        for name in rest.trim_matches(['{', '}']).split(", ").filter(|name| *name != room) {
            names.insert(name.to_owned(), room.to_owned());
        }
    }
    names
}

/// Fails with all findings at once.
fn check(rule: &str, findings: Vec<String>) {
    assert!(findings.is_empty(), "{rule}:\n  {}\n", findings.join("\n  "));
}

#[test]
fn no_room_looks_back() {
    let sources = sources("src");
    let root = root_names(&sources);
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| source.room() != "lib") {
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == source.room()) else {
            findings.push(format!("{}: the room {} is not in the list of this test", source.name, source.room()));
            continue;
        };
        for named in source.named().iter().filter(|named| named.path[0] == "crate") {
            let Some(first) = named.path.get(1) else { continue };
            let room = root.get(first).unwrap_or(first);
            if room != source.room() && !allowed.contains(&room.as_str()) {
                findings.push(format!("{}:{}: {} is above {}", source.name, named.line, named.path.join("::"), source.room()));
            }
        }
    }
    check("data flows one way", findings);
}

/// The rule above sees what it is to see.
#[test]
fn imports_are_read() {
    let text = r##"
        //! crate::a::Comment
        use crate::b::{self, c::D as E, super_f};
        use super::g;
        use std::{fs, io::{Read, Write}};
        fn h(x: &'static str) -> crate::i { let _ = ("crate::text", 'c', '\'', r#"crate::raw"#); self::j::k() }
        mod tests { use super::*; use super::super::l; }
        fn m() { ::std::env::var("x"); }
    "##;
    let source = Source::new("src/room/file.rs".into(), text.into());
    let named: Vec<_> = source.named().iter().map(|named| named.path.join("::")).collect();
    let expected = "crate::b, crate::b::c::D, crate::b::super_f, crate::room::g, std::fs, std::io::Read, std::io::Write, \
        crate::i, crate::room::file::j::k, crate::room::file, crate::room::l";
    assert_eq!(named.join(", "), expected);
    assert_eq!(source.tokens.iter().filter(|token| token.in_tests && token.is_word("super")).count(), 3);
    let texts: Vec<_> = source.tokens.iter().filter_map(source::Token::text).collect();
    assert_eq!(texts, ["crate::text", "crate::raw", "x"]);
    assert_eq!(source.tokens.iter().find(|token| token.is_word("tests")).unwrap().line, 7);
}

/// What an engine decides is read from its traces: `explain` takes types from the engines and calls none of their functions.
#[test]
fn explain_never_merges() {
    let mut findings = Vec::new();
    for source in sources("src").iter().filter(|source| source.room() == "explain") {
        for tokens in source.tokens.windows(4) {
            let engine = tokens[0].word().filter(|word| matches!(*word, "strategic" | "structured"));
            let (Some(engine), Some(name)) = (engine, tokens[3].word()) else { continue };
            let called =
                tokens[1].kind == Kind::Mark(':') && name.starts_with(|c: char| c.is_ascii_lowercase()) && name != "self";
            if called {
                findings.push(format!("{}:{}: {engine}::{name}", source.name, tokens[3].line));
            }
        }
    }
    check("explain calls no engine", findings);
}

/// Nothing comes from the machine, nothing is in random order, nothing is printed.
#[test]
fn nothing_from_outside() {
    const MODULES: &[&str] = &["env", "fs", "os", "process", "thread", "time"];
    const WORDS: &[&str] = &[
        "HashMap",
        "HashSet",
        "Instant",
        "RandomState",
        "SystemTime",
        "dbg",
        "eprint",
        "eprintln",
        "print",
        "println",
        "rand",
        "thread_local",
        "todo",
        "unimplemented",
        "unsafe",
    ];
    let mut findings = Vec::new();
    for source in sources("src") {
        let outside = |path: &[String]| {
            matches!(path[0].as_str(), "std" | "core") && path.get(1).is_some_and(|module| MODULES.contains(&module.as_str()))
        };
        for named in source.named().iter().filter(|named| !named.in_tests && outside(&named.path)) {
            findings.push(format!("{}:{}: {}", source.name, named.line, named.path.join("::")));
        }
        for (at, token) in source.tokens.iter().enumerate() {
            let called = source.tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Mark('!'));
            let banned = token.word().filter(|word| match *word {
                "dbg" | "eprint" | "eprintln" | "print" | "println" | "todo" | "unimplemented" => called,
                word => WORDS.contains(&word),
            });
            if let Some(word) = banned {
                findings.push(format!("{}:{}: {word}", source.name, token.line));
            }
        }
    }
    check("same input, same bytes", findings);
    let lib = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).unwrap();
    assert!(lib.contains("#![forbid(unsafe_code)]"));
}

/// Words of one room that have no business in another's code; comments and examples may use any.
#[test]
fn words_stay_in_their_rooms() {
    const SERVICE: &[&str] = &["Service", "ports", "nodePort", "clusterIP", "targetPort"];
    const CLIENT: &[&str] = &["$patch", "$retainKeys", "$setElementOrder", "$deleteFromPrimitiveList"];
    const SERVER: &[&str] = &["managedFields", "fieldManager", "force"];
    const KUBERNETES: &[&str] = &["apiVersion", "kind", "metadata", "spec", "kubectl"];
    const KEYS: &[&str] = &["x-kubernetes-patch-merge-key", "x-kubernetes-patch-strategy", "x-kubernetes-list-map-keys"];
    let rules: &[(&str, &[&[&str]])] = &[
        ("value", &[SERVICE, CLIENT, SERVER, KUBERNETES, KEYS]),
        ("path", &[SERVICE, CLIENT, SERVER, KUBERNETES, KEYS]),
        ("schema", &[CLIENT, SERVER]),
        ("strategic", &[SERVICE, SERVER, KEYS, &["kubectl"]]),
        ("structured", &[SERVICE, CLIENT, KEYS]),
        ("service", &[CLIENT, KEYS, &["kubectl", "kubectl.kubernetes.io/last-applied-configuration"]]),
        ("manifest", &[SERVICE, CLIENT, SERVER, KEYS]),
        ("cluster", &[KEYS]),
    ];
    let mut findings = Vec::new();
    for source in sources("src") {
        let Some((_, banned)) = rules.iter().find(|(room, _)| *room == source.room()) else { continue };
        for token in source.tokens.iter().filter(|token| !token.in_tests) {
            // A word by itself, or in a text as what stands between quotes, dots and spaces.
            let words: Vec<&str> = match &token.kind {
                Kind::Word(word) => vec![word],
                Kind::Text(text) => text.split(['"', '.', ' ', '[', ']', '/', ':', '`']).chain([text.as_str()]).collect(),
                Kind::Mark(_) => Vec::new(),
            };
            for word in words.into_iter().filter(|word| banned.iter().any(|banned| banned.contains(word))) {
                findings.push(format!("{}:{}: {word} in {}", source.name, token.line, source.room()));
            }
        }
    }
    check("each room has its own words", findings);
}

/// Which lists have keys, and which, is data of the schema: the engines name none of them.
#[test]
fn merge_keys_are_written_in_the_schema_alone() {
    let mut lists = BTreeSet::new();
    for (api_version, kind) in [("v1", "Service"), ("v1", "Pod"), ("apps/v1", "Deployment"), ("v1", "ServiceAccount")] {
        keyed_lists(Schema::builtin(api_version, kind).unwrap().root(), &mut lists, 0);
    }
    assert!(lists.contains("ports") && lists.contains("containers") && lists.contains("ownerReferences"), "{lists:?}");
    let mut findings = Vec::new();
    for source in sources("src").iter().filter(|source| matches!(source.room(), "strategic" | "structured")) {
        for token in source.tokens.iter().filter(|token| !token.in_tests) {
            if let Some(list) = token.text().filter(|text| lists.contains(*text)) {
                findings.push(format!("{}:{}: {list}", source.name, token.line));
            }
        }
    }
    check("the engines know no list by name", findings);
}

fn keyed_lists(ty: Type<'_>, lists: &mut BTreeSet<String>, depth: usize) {
    match ty.shape() {
        // Deep enough for the containers of a Deployment and their lists.
        Shape::Struct(fields) if depth < 12 => {
            for field in fields.fields() {
                if field.patch().merge_key().is_some() {
                    lists.insert(field.name().to_owned());
                }
                keyed_lists(field.ty(), lists, depth + 1);
            }
        }
        Shape::List(list) => keyed_lists(list.item(), lists, depth + 1),
        _ => {}
    }
}

/// The codes of findings live in one file, their words in another.
#[test]
fn codes_are_emitted_by_explain_alone() {
    let mut findings = Vec::new();
    for source in sources("src").iter().filter(|source| source.room() != "explain") {
        let codes =
            source.tokens.iter().filter(|token| !token.in_tests && token.text().is_some_and(|text| text.starts_with("MK0")));
        findings.extend(codes.map(|token| format!("{}:{}", source.name, token.line)));
    }
    check("a finding has one origin", findings);
}

#[test]
fn a_file_is_a_room_of_one_idea() {
    const MOST_LINES: usize = 900;
    let mut findings = Vec::new();
    for source in ["src", "tests", "examples", "benches"].into_iter().flat_map(sources) {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            findings.push(format!("{}: {lines} lines", source.name));
        }
        if source.room() != "lib" && !source.text.starts_with("//!") {
            findings.push(format!("{}: does not say what it is about", source.name));
        }
    }
    check("a file is a room", findings);
}

/// A rule is written once.
#[test]
fn no_six_lines_twice() {
    const WINDOW: usize = 6;
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut findings = Vec::new();
    for source in sources("src") {
        let from = source.text.find("#[cfg(test)]\nmod tests").unwrap_or(source.text.len());
        let lines: Vec<(usize, &str)> = source.text[..from]
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.trim()))
            // What is in every file alike says nothing.
            .filter(|(_, line)| line.len() > 2 && !["//", "use ", "#["].iter().any(|start| line.starts_with(start)))
            // Nor do the parameters of functions.
            .filter(|(_, line)| !(line.ends_with(',') && (line.contains(": ") || line.contains("self"))))
            .collect();
        let mut last = 0;
        for window in lines.windows(WINDOW) {
            let text: Vec<&str> = window.iter().map(|(_, line)| *line).collect();
            let place = format!("{}:{}", source.name, window[0].0);
            if let Some(first) = seen.insert(text.join("\n"), place.clone())
                && window[0].0 > last + WINDOW
            {
                last = window[0].0;
                findings.push(format!("{place} is {first}: {}", text[0]));
            }
        }
    }
    check("nothing is written twice", findings);
}
