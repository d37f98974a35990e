//! A Rust source, cut into tokens: enough to read what it imports and which words it uses, comments left out.

use std::path::{Path, PathBuf};

/// A source file of the crate.
pub(crate) struct Source {
    /// Its path below the crate's root, with slashes.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
}

pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) line: usize,
    /// Whether it stands in an inline module of tests.
    pub(crate) in_tests: bool,
    /// The inline modules that it stands in.
    inline: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word(String),
    Text(String),
    Mark(char),
}

impl Token {
    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(found) if found == word)
    }

    pub(crate) fn word(&self) -> Option<&str> {
        if let Kind::Word(word) = &self.kind { Some(word) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// A path that a source names, written out from the root of its crate: `std::fs`, `crate::value::Value`.
pub(crate) struct Named {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    pub(crate) in_tests: bool,
}

/// The Rust files below a directory of the crate, by name.
pub(crate) fn sources(directory: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join(directory), &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        Source::new(name, std::fs::read_to_string(&path).unwrap())
    };
    files.into_iter().map(read).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    pub(crate) fn new(name: String, text: String) -> Self {
        let mut tokens = tokens(&text);
        if name.ends_with("/tests.rs") {
            tokens.iter_mut().for_each(|token| token.in_tests = true);
        }
        Source { name, text, tokens }
    }

    /// The top-level module that it belongs to; `lib` for the root.
    pub(crate) fn room(&self) -> &str {
        let name = self.name.strip_prefix("src/").unwrap_or(&self.name);
        name.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// The module that the file is.
    fn module(&self) -> Vec<String> {
        let name = self.name.strip_prefix("src/").unwrap_or(&self.name).trim_end_matches(".rs");
        let parts = name.split('/').filter(|part| !matches!(*part, "mod" | "lib"));
        parts.map(str::to_owned).collect()
    }

    /// Every path that begins at the root of a crate or is relative to a module.
    pub(crate) fn named(&self) -> Vec<Named> {
        let module = self.module();
        let mut named = Vec::new();
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            let begins = matches!(token.word(), Some("crate" | "super" | "self" | "std" | "core" | "alloc"));
            let inside = at >= 1 && self.tokens[at - 1].is(':');
            if !begins || inside || !self.is_separator(at + 1) {
                at += 1;
                continue;
            }
            let mut here = module.clone();
            here.extend(token.inline.iter().cloned());
            let mut paths = Vec::new();
            at = self.tree(at, &mut Vec::new(), &mut paths);
            named.extend(paths.into_iter().map(|path| Named {
                path: resolve(&here, path),
                line: token.line,
                in_tests: token.in_tests,
            }));
        }
        named
    }

    fn is_separator(&self, at: usize) -> bool {
        matches!(self.tokens.get(at..at + 2), Some([a, b]) if a.is(':') && b.is(':'))
    }

    /// Reads `a::b::{c, d::e}` from `at`; answers where it ends.
    fn tree(&self, mut at: usize, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> usize {
        let depth = prefix.len();
        while let Some(word) = self.tokens.get(at).and_then(Token::word) {
            prefix.push(word.to_owned());
            at += 1;
            if !self.is_separator(at) {
                break;
            }
            at += 2;
            if self.tokens.get(at).is_some_and(|token| token.is('{')) {
                at += 1;
                while self.tokens.get(at).is_some_and(|token| !token.is('}')) {
                    let before = at;
                    at = self.tree(at, prefix, paths);
                    if self.tokens.get(at).is_some_and(|token| token.is_word("as")) {
                        at += 2;
                    }
                    at = at.max(before + 1);
                }
                prefix.truncate(depth);
                return at + 1;
            }
        }
        if prefix.len() > depth {
            paths.push(prefix.clone());
        }
        prefix.truncate(depth);
        at
    }
}

fn resolve(module: &[String], path: Vec<String>) -> Vec<String> {
    let mut full: Vec<String> = Vec::new();
    let mut here = module.to_vec();
    for (index, word) in path.into_iter().enumerate() {
        match word.as_str() {
            "crate" => full = vec![word],
            "self" if index == 0 => full = std::iter::once("crate".to_owned()).chain(here.clone()).collect(),
            // A group's own module.
            "self" => {}
            "super" => {
                here.pop();
                full = std::iter::once("crate".to_owned()).chain(here.clone()).collect();
            }
            _ => full.push(word),
        }
    }
    full
}

fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens: Vec<Token> = Vec::new();
    let (mut at, mut line) = (0, 1);
    // The inline modules that are open, with the depth of braces outside each.
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    while let Some(&c) = chars.get(at) {
        let start = at;
        let kind = match c {
            '/' if chars.get(at + 1) == Some(&'/') => {
                at += chars[at..].iter().position(|&c| c == '\n').unwrap_or(chars.len() - at);
                None
            }
            '/' if chars.get(at + 1) == Some(&'*') => {
                at = after_block_comment(&chars, at);
                None
            }
            '"' => {
                at = after_text(&chars, at);
                Some(Kind::Text(chars[start + 1..at - 1].iter().collect()))
            }
            '\'' => {
                at = after_quote(&chars, at);
                None
            }
            c if c.is_alphanumeric() || c == '_' => {
                at += chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
                let word: String = chars[start..at].iter().collect();
                match (word.as_str(), chars.get(at)) {
                    ("r" | "br", Some('"' | '#')) if raw_begins(&chars, at) => {
                        let (text, end) = raw_text(&chars, at);
                        at = end;
                        Some(Kind::Text(text))
                    }
                    // The quoted part of a byte string or character comes next.
                    ("b" | "c", Some('"' | '\'')) => None,
                    _ => Some(Kind::Word(word)),
                }
            }
            c => {
                at += 1;
                (!c.is_whitespace()).then_some(Kind::Mark(c))
            }
        };
        if let Some(kind) = kind {
            match kind {
                Kind::Mark('{') => {
                    if let [.., a, b] = &tokens[..]
                        && a.is_word("mod")
                        && let Some(name) = b.word()
                    {
                        open.push((name.to_owned(), depth));
                    }
                    depth += 1;
                }
                Kind::Mark('}') => {
                    depth -= 1;
                    open.pop_if(|(_, outside)| *outside == depth);
                }
                _ => {}
            }
            let inline: Vec<String> = open.iter().map(|(name, _)| name.clone()).collect();
            let in_tests = inline.iter().any(|name| name.ends_with("tests"));
            tokens.push(Token { kind, line, in_tests, inline });
        }
        line += chars[start..at].iter().filter(|&&c| c == '\n').count();
    }
    tokens
}

fn after_block_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match chars.get(at..at + 2) {
            Some(['/', '*']) => {
                depth += 1;
                at += 2;
            }
            Some(['*', '/']) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn after_text(chars: &[char], mut at: usize) -> usize {
    at += 1;
    while chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Behind a character, or behind the quote of a lifetime.
fn after_quote(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => at + 4 + chars[at + 3..].iter().position(|&c| c == '\'').unwrap(),
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

fn raw_begins(chars: &[char], at: usize) -> bool {
    chars[at..].iter().find(|&&c| c != '#') == Some(&'"')
}

fn raw_text(chars: &[char], at: usize) -> (String, usize) {
    let hashes = chars[at..].iter().take_while(|&&c| c == '#').count();
    let begin = at + hashes + 1;
    let ends = |&end: &usize| chars[end] == '"' && chars[end + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes;
    let end = (begin..chars.len()).find(ends).unwrap();
    (chars[begin..end].iter().collect(), end + 1 + hashes)
}
