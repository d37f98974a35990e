//! The table of the ways: what is in question, before, wanted, and after each way.

use serde_json::Value;

use super::words;
use crate::explain::report::{Report, Way, WayOutcome, WayReport};
use crate::path::{Element, Path};

/// At most so many ports are shown side by side.
const MOST_PORTS: usize = 4;
/// At most so many other fields are shown side by side.
const MOST_FIELDS: usize = 2;

/// Rows of equal length, to be laid out.
pub(super) struct Table {
    /// Above the labels: the field that the columns show.
    pub(super) caption: String,
    pub(super) columns: Vec<String>,
    /// Which of the columns are in question, and not only there beside others.
    pub(super) vital: Vec<bool>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) label: String,
    pub(super) outcome: String,
    pub(super) cells: Vec<Cell>,
    pub(super) verdict: String,
    pub(super) good: Option<bool>,
}

pub(super) struct Cell {
    pub(super) text: String,
    /// Not as the manifest states it.
    pub(super) wrong: bool,
}

/// A column: a port with the fields in question, or a field elsewhere.
enum Column {
    Port { port: String, fields: Vec<String>, vital: bool },
    Field { path: String, name: String },
}

/// The table of a report; without columns if nothing is in question.
pub(super) fn table(report: &Report) -> Table {
    let columns = columns(report);
    let mut rows = Vec::new();
    if !columns.is_empty() {
        rows.push(row("live now", report.before.as_deref(), &columns, "none"));
        rows.push(row(report.file_shown(), Some(&*report.manifest), &columns, "any"));
    }
    rows.extend(report.ways.iter().map(|way| way_row(way, &columns)));
    let fields = columns.iter().find_map(|column| match column {
        Column::Port { fields, .. } if !fields.is_empty() => Some(fields.join(" ")),
        _ => None,
    });
    let header = |column: &Column| match column {
        Column::Port { port, .. } => port.clone(),
        Column::Field { name, .. } => name.clone(),
    };
    Table {
        caption: fields.map_or(String::new(), |fields| format!("{fields} of")),
        columns: columns.iter().map(header).collect(),
        vital: columns.iter().map(|column| !matches!(column, Column::Port { vital: false, .. })).collect(),
        rows,
    }
}

/// What is in question: fields that a way leaves otherwise than stated, and fields in which ways part.
fn columns(report: &Report) -> Vec<Column> {
    let unmet = report.ways.iter().flat_map(|way| &way.unmet).map(|unmet| &unmet.path);
    let mut ports: Vec<String> = Vec::new();
    let mut fields: Vec<String> = Vec::new();
    let mut others: Vec<Column> = Vec::new();
    for text in unmet.chain(report.divergences.iter().map(|divergence| &divergence.path)) {
        let path: Path = text.parse().unwrap_or_default();
        match (path.elements().iter().find_map(words::port_of), path.elements().last()) {
            (Some(port), last) => {
                if !ports.contains(&port) {
                    ports.push(port);
                }
                if let Some(Element::Field(name)) = last
                    && !fields.iter().any(|known| known == name)
                {
                    fields.push(name.to_string());
                }
            }
            (None, Some(Element::Field(name)))
                if !others.iter().any(|column| matches!(column, Column::Field { path, .. } if path == text)) =>
            {
                others.push(Column::Field { path: text.clone(), name: name.to_string() });
            }
            _ => {}
        }
    }
    fields.sort_by_key(|field| ["name", "appProtocol", "targetPort", "nodePort"].iter().position(|known| known == field));
    fields.truncate(2);
    let mut columns: Vec<Column> = Vec::new();
    if !ports.is_empty() {
        let all = all_ports(report);
        let shown = all.iter().filter(|port| all.len() <= MOST_PORTS || ports.contains(port)).take(MOST_PORTS);
        columns.extend(shown.map(|port| Column::Port {
            port: port.clone(),
            fields: fields.clone(),
            vital: ports.contains(port),
        }));
    }
    others.truncate(MOST_FIELDS);
    columns.extend(others);
    columns
}

/// All ports that appear anywhere, those of the manifest first.
fn all_ports(report: &Report) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let ends = report.ways.iter().filter_map(|way| way.live.as_deref());
    for object in [Some(&*report.manifest), report.before.as_deref()].into_iter().flatten().chain(ends) {
        for port in ports_of(object).iter().filter_map(port_name) {
            if !all.contains(&port) {
                all.push(port);
            }
        }
    }
    all
}

fn ports_of(object: &Value) -> &[Value] {
    object.pointer("/spec/ports").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn port_name(item: &Value) -> Option<String> {
    let protocol = item.get("protocol").and_then(Value::as_str).filter(|protocol| !protocol.is_empty()).unwrap_or("TCP");
    Some(format!("{}/{protocol}", item.get("port")?))
}

fn cell(object: Option<&Value>, column: &Column, absent: &str) -> String {
    match column {
        Column::Port { port, fields, .. } => {
            let items = object.map_or(&[][..], ports_of);
            let Some(item) = items.iter().find(|item| port_name(item).as_ref() == Some(port)) else { return "-".to_owned() };
            if fields.is_empty() {
                return item.get("name").and_then(Value::as_str).unwrap_or("yes").to_owned();
            }
            let texts: Vec<_> = fields.iter().map(|field| item.get(field).map_or(absent.to_owned(), bare)).collect();
            texts.join(" ")
        }
        Column::Field { path, .. } => {
            let path: Path = path.parse().unwrap_or_default();
            let found = path.elements().iter().try_fold(object, |value, element| match element {
                Element::Field(name) => value?.get(&**name).map(Some),
                _ => None,
            });
            found.flatten().map_or("-".to_owned(), bare)
        }
    }
}

/// A value without quotes, short.
fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => words::shorten(text, 16),
        other => words::compact(other, 16),
    }
}

fn row(label: &str, object: Option<&Value>, columns: &[Column], absent: &str) -> Row {
    let cells = columns.iter().map(|column| Cell { text: cell(object, column, absent), wrong: false }).collect();
    Row { label: words::shorten(label, 28), outcome: String::new(), cells, verdict: String::new(), good: None }
}

fn way_row(way: &WayReport, columns: &[Column]) -> Row {
    let cells =
        columns.iter().map(|column| Cell { text: cell(way.live.as_deref(), column, "none"), wrong: is_wrong(way, column) });
    Row {
        label: label(way.way),
        outcome: way.outcome.as_str().to_owned(),
        cells: cells.collect(),
        verdict: verdict(way),
        good: Some(way.converged && way.again.converged),
    }
}

/// The forced way stands under the one that it adds a flag to.
fn label(way: Way) -> String {
    match way {
        Way::ServerSideApplyForced => "  --force-conflicts".to_owned(),
        way => format!("kubectl {}", way.verb()),
    }
}

fn is_wrong(way: &WayReport, column: &Column) -> bool {
    way.unmet.iter().any(|unmet| match column {
        Column::Port { port, .. } => {
            let path: Path = unmet.path.parse().unwrap_or_default();
            path.elements().iter().find_map(words::port_of).as_ref() == Some(port)
        }
        Column::Field { path, .. } => unmet.path == *path,
    })
}

/// Whether it is as wanted, and whether it stays so.
fn verdict(way: &WayReport) -> String {
    match (way.converged, way.again.converged, way.outcome) {
        (true, true, outcome) if !outcome.succeeded() => "yes, it was so before".to_owned(),
        (true, true, _) if !way.again.outcome.succeeded() => format!("yes; run again: {}", way.again.outcome.as_str()),
        (true, true, _) => "yes".to_owned(),
        (true, false, _) => "yes, but not when run again".to_owned(),
        (false, true, _) => "no; run again: yes".to_owned(),
        (false, false, WayOutcome::Conflict) => {
            format!("no; {} {}", way.causes.len(), words::plural(way.causes.len(), "conflict"))
        }
        (false, false, WayOutcome::Rejected) => "no; refused".to_owned(),
        (false, false, WayOutcome::ClientError) => "no; fails".to_owned(),
        (false, false, _) if way.again.outcome.succeeded() => "no, however often".to_owned(),
        (false, false, _) => format!("no; run again: {}", way.again.outcome.as_str()),
    }
}
