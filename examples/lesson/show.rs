//! How a lesson looks on a terminal: a hundred columns, no colours.

use mergekey::cluster::Recorded;
use mergekey::path::{Element, Path};
use mergekey::structured::Managers;
use mergekey::value::Value as Tree;
use serde_json::Value;

const WIDTH: usize = 100;
/// Texts that are longer are shown as `…`: the last-applied annotation holds a whole manifest.
const LONG: usize = 70;

pub(crate) fn title(text: &str) -> String {
    format!("{text}\n{}\n\n", "-".repeat(text.chars().count()))
}

/// A paragraph, or the items of a list.
pub(crate) fn paragraph(lines: &[&str]) -> String {
    let mut items: Vec<String> = Vec::new();
    for line in lines {
        match items.last_mut() {
            Some(item) if !line.starts_with("- ") => item.extend([" ", line.trim()]),
            _ => items.push((*line).to_owned()),
        }
    }
    let wrapped = items.iter().map(|item| wrap(item, if item.starts_with("- ") { 2 } else { 0 }));
    wrapped.collect::<String>() + "\n"
}

/// An entry of the list of lessons.
pub(crate) fn entry(number: usize, title: &str, about: &str) -> String {
    let about = wrap(about, 0).lines().flat_map(|line| ["     ", line, "\n"]).collect::<String>();
    format!("  {number}  {title}\n{about}\n")
}

pub(crate) fn file(name: &str, body: &str) -> String {
    let lines = body.lines().skip(1).flat_map(|line| ["      ", line, "\n"]);
    format!("    {name}\n{}\n", lines.collect::<String>())
}

pub(crate) fn command(line: &str, output: &str) -> String {
    let output = output.lines().flat_map(|line| ["    ", line, "\n"]).collect::<String>();
    format!("    $ {line}\n{output}\n")
}

pub(crate) fn nothing_sent() -> String {
    "      sent    nothing\n\n".to_owned()
}

pub(crate) fn request(request: &Recorded) -> String {
    let body = serde_json::to_value(request.body()).unwrap_or_default();
    let mut text = String::new();
    json(&shortened(&body), 14, &mut text);
    let query: Vec<String> = request.query().map(|(name, value)| format!("{name}={value}")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!(
        "      sent    {} {}{query}\n              {}\n              {text}\n      answer  {}\n\n",
        request.method(),
        request.path(),
        request.content_type(),
        request.code(),
    )
}

/// The ports, with a mark at what has changed.
pub(crate) fn ports(was: Option<&Value>, is: Option<&Value>) -> String {
    let (was, is) = (was.map(port_lines).unwrap_or_default(), is.map(port_lines).unwrap_or_default());
    let mut out = String::new();
    let mut label = "ports ";
    let mut line = |text: &str, mark: &str| {
        out.push_str(format!("      {label}  {text:<60}{mark}").trim_end());
        out.push('\n');
        label = "      ";
    };
    for port in &is {
        let mark = match was.iter().find(|old| old.key == port.key) {
            _ if was.is_empty() || was.iter().any(|old| old.text == port.text) => "",
            Some(_) => "<- changed",
            None => "<- new",
        };
        line(&port.text, mark);
    }
    for port in was.iter().filter(|old| !is.iter().any(|port| port.key == old.key)) {
        line(&port.text, "<- gone");
    }
    out + "\n"
}

/// A port as one line.
struct PortLine {
    key: String,
    text: String,
}

fn port_lines(live: &Value) -> Vec<PortLine> {
    let ports = live.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten();
    let shown = |port: &Value, name: &str| match port.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "-".to_owned(),
    };
    ports
        .map(|port| {
            let key = format!("{}/{}", shown(port, "port"), shown(port, "protocol"));
            let [name, target, node] = ["name", "targetPort", "nodePort"].map(|name| shown(port, name));
            let node = if node == "-" { String::new() } else { format!("  node port {node}") };
            PortLine { text: format!("{key:<10}{name:<10}target port {target:<6}{node}"), key }
        })
        .collect()
}

/// Who owns which fields, by the object or item that they are in.
pub(crate) fn owners(live: Option<&Value>) -> String {
    let entries = live.and_then(|live| live.pointer("/metadata/managedFields")).cloned().unwrap_or_default();
    let Ok(entries) = Tree::from_serde(&entries) else { return String::new() };
    let Ok(managers) = Managers::read(&entries) else { return String::new() };
    let mut out = String::new();
    let mut label = "owners";
    for manager in managers.iter() {
        let identity = &manager.identity;
        out.push_str(&format!("      {label}  {} ({})\n", identity.name, identity.operation.as_str()));
        label = "      ";
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        for path in manager.set.iter() {
            let (parent, field) = parted(&path);
            match groups.iter_mut().find(|(known, _)| *known == parent) {
                Some((_, fields)) => fields.push(field),
                None => groups.push((parent, vec![field])),
            }
        }
        for (parent, fields) in groups {
            out.push_str(&format!("                {parent}: {}\n", fields.join(" ")));
        }
    }
    out + "\n"
}

/// A path as the object or item that it is in, and the field; an item itself is `(itself)`.
fn parted(path: &Path) -> (String, String) {
    match path.elements() {
        [rest @ .., Element::Field(field)] => {
            let parent = rest.iter().fold(Path::default(), |path, element| path.element(element.clone()));
            (parent.to_string(), field.to_string())
        }
        _ => (path.to_string(), "(itself)".to_owned()),
    }
}

/// A value without its long texts, and without managed fields: [`owners`] shows those in a better form.
fn shortened(value: &Value) -> Value {
    match value {
        Value::Object(map) if map.get("path").is_some_and(|path| path == "/metadata/managedFields") => {
            map.iter().map(|(key, value)| (key.clone(), if key == "value" { "…".into() } else { value.clone() })).collect()
        }
        Value::String(text) if text.chars().count() > LONG => "…".into(),
        Value::Array(items) => items.iter().map(shortened).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), shortened(value))).collect(),
        other => other.clone(),
    }
}

/// JSON on one line where it fits.
fn json(value: &Value, indent: usize, out: &mut String) {
    let line = one_line(value);
    let (open, close, parts): (_, _, Vec<(String, &Value)>) = match value {
        Value::Array(items) if indent + line.chars().count() > WIDTH => {
            ('[', ']', items.iter().map(|item| (String::new(), item)).collect())
        }
        Value::Object(map) if indent + line.chars().count() > WIDTH => {
            ('{', '}', map.iter().map(|(key, value)| (format!("{}: ", Value::from(key.as_str())), value)).collect())
        }
        _ => return out.push_str(&line),
    };
    out.push(open);
    for (at, (key, value)) in parts.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(indent + 2));
        out.push_str(key);
        json(value, indent + 2, out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let members = map.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), one_line(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A text in lines, those after the first one indented.
fn wrap(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > indent && column + 1 + width > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out + "\n"
}
