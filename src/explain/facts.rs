//! Why, as data: findings, their causes, and the facts with their evidence.
//!
//! The catalogue of [`Code`]s is told in `docs/codes.md`. A fact is not worded here; [`render`](super::render) does that.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::render;
use super::report::Way;
use crate::value;

/// A reason why a way goes wrong, or may.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// Which kind of reason.
    pub code: Code,
    /// Where.
    pub path: String,
    /// How it comes about, step by step.
    pub because: Vec<Cause>,
}

impl Finding {
    /// Which kind of reason.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The kind of reason in a few words.
    pub fn title(&self) -> &'static str {
        self.code.title()
    }
}

/// A step of an explanation, with the steps that it follows from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cause {
    /// What is the case.
    pub fact: Fact,
    /// Why it is.
    pub because: Vec<Cause>,
}

impl From<Fact> for Cause {
    fn from(fact: Fact) -> Self {
        Cause { fact, because: Vec::new() }
    }
}

/// A port as a reader knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Port {
    /// Its number.
    pub port: i64,
    /// Its protocol; `TCP` where it is left out.
    pub protocol: String,
    /// Its name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its place in the list.
    pub index: usize,
}

impl Port {
    /// A port of an item of `spec.ports`, if its number is one.
    pub(crate) fn of(item: &value::Value<'_>, index: usize) -> Option<Self> {
        let protocol = item.get("protocol").and_then(value::Value::as_str).filter(|protocol| !protocol.is_empty());
        Some(Port {
            port: item.get("port")?.as_i64()?,
            protocol: protocol.unwrap_or("TCP").to_owned(),
            name: item.get("name").and_then(value::Value::as_str).map(str::to_owned),
            index,
        })
    }

    /// The same of JSON.
    pub(crate) fn of_json(item: &Value, index: usize) -> Option<Self> {
        Port::of(&value::Value::from_serde(item).ok()?, index)
    }

    /// Whether both are one port to server-side apply.
    pub(crate) fn is(&self, other: &Port) -> bool {
        (self.port, &self.protocol) == (other.port, &other.protocol)
    }
}

/// `53/TCP`.
impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, self.protocol)
    }
}

/// Where items with one merge key stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Holder {
    /// In the manifest.
    Manifest,
    /// In the live object.
    Live,
    /// In the manifest that was applied last.
    LastApplied,
}

/// A kind of fact of which there may be many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kindred {
    /// [`Fact::Shared`].
    Shared,
    /// [`Fact::Paired`].
    Paired,
    /// [`Fact::Landed`].
    Landed,
    /// [`Fact::NeverReached`].
    NeverReached,
    /// [`Fact::Swallowed`].
    Swallowed,
}

/// A kind of reason, with its page in `docs/codes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Code {
    /// Two items of a list have one merge key.
    #[serde(rename = "MK001")]
    SharedMergeKey,
    /// A change was made to another item than the one that it was meant for.
    #[serde(rename = "MK002")]
    WrongItem,
    /// A new item was merged into one that was there, or into another new one.
    #[serde(rename = "MK003")]
    ItemSwallowed,
    /// kubectl reports success on every run, and nothing changes.
    #[serde(rename = "MK004")]
    NeverConverges,
    /// The manifest lists the items in another order than the live object, and that decides what happens.
    #[serde(rename = "MK005")]
    OrderDecides,
    /// The patch makes two items the same, and the server refuses that.
    #[serde(rename = "MK006")]
    DuplicateAfterPatch,
    /// A patch that deletes one item deletes all that have its merge key.
    #[serde(rename = "MK007")]
    DeletesAll,
    /// The server or the client cannot put a patch together with its own order.
    #[serde(rename = "MK008")]
    PatchOrder,
    /// The number or the protocol of a port changed, so it is another item.
    #[serde(rename = "MK009")]
    NumberChanged,
    /// Names were exchanged between ports.
    #[serde(rename = "MK010")]
    NamesSwapped,
    /// A node port that the manifest does not state changes.
    #[serde(rename = "MK011")]
    NodePortRedrawn,
    /// `protocol` is left out and taken for TCP.
    #[serde(rename = "MK012")]
    ProtocolLeftOut,
    /// Other managers own fields that would change.
    #[serde(rename = "MK013")]
    OwnedByOthers,
    /// A field left the manifest, and this way does not remove it.
    #[serde(rename = "MK014")]
    LeftBehind,
    /// The last-applied annotation is missing, or does not tell what is live.
    #[serde(rename = "MK015")]
    LastApplied,
    /// A field is stated with a value that the server takes for an absent one.
    #[serde(rename = "MK016")]
    ZeroStated,
    /// A value is replaced whole by one way and merged by another.
    #[serde(rename = "MK017")]
    ReplacedWhole,
    /// The type of the Service changes, and that frees node ports.
    #[serde(rename = "MK018")]
    TypeChanged,
    /// The server refuses the result.
    #[serde(rename = "MK019")]
    Refused,
}

impl Code {
    /// All of them.
    pub const ALL: [Code; 19] = [
        Code::SharedMergeKey,
        Code::WrongItem,
        Code::ItemSwallowed,
        Code::NeverConverges,
        Code::OrderDecides,
        Code::DuplicateAfterPatch,
        Code::DeletesAll,
        Code::PatchOrder,
        Code::NumberChanged,
        Code::NamesSwapped,
        Code::NodePortRedrawn,
        Code::ProtocolLeftOut,
        Code::OwnedByOthers,
        Code::LeftBehind,
        Code::LastApplied,
        Code::ZeroStated,
        Code::ReplacedWhole,
        Code::TypeChanged,
        Code::Refused,
    ];

    /// The code, as `MK001`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::SharedMergeKey => "MK001",
            Code::WrongItem => "MK002",
            Code::ItemSwallowed => "MK003",
            Code::NeverConverges => "MK004",
            Code::OrderDecides => "MK005",
            Code::DuplicateAfterPatch => "MK006",
            Code::DeletesAll => "MK007",
            Code::PatchOrder => "MK008",
            Code::NumberChanged => "MK009",
            Code::NamesSwapped => "MK010",
            Code::NodePortRedrawn => "MK011",
            Code::ProtocolLeftOut => "MK012",
            Code::OwnedByOthers => "MK013",
            Code::LeftBehind => "MK014",
            Code::LastApplied => "MK015",
            Code::ZeroStated => "MK016",
            Code::ReplacedWhole => "MK017",
            Code::TypeChanged => "MK018",
            Code::Refused => "MK019",
        }
    }

    /// The kind of reason in a few words.
    pub fn title(self) -> &'static str {
        render::words::title(self)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that is the case, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Fact {
    /// kubectl computed and sent this patch of the list.
    PatchSent {
        /// The part of the patch about the list.
        patch: Value,
    },
    /// A patch finds items of the list by their merge key.
    FoundByMergeKey {
        /// The list, as `spec.ports`.
        list: String,
        /// The patch merge key.
        merge_key: String,
        /// The list map keys.
        map_keys: Vec<String>,
    },
    /// Items of the list have one merge key.
    Shared {
        /// Whose items.
        holder: Holder,
        /// The number that they have in common.
        number: i64,
        /// The items.
        ports: Vec<Port>,
    },
    /// An item of the patch was merged into a live item.
    Landed {
        /// The item of the manifest that the patch item was made from.
        from: Port,
        /// The live item that it was compared with.
        meant: Port,
        /// The live item that it was merged into.
        on: Port,
        /// The fields that the patch item carries.
        fields: Vec<String>,
        /// Whether they change anything there.
        changes: bool,
    },
    /// No item of the patch was merged into this live item.
    NeverReached {
        /// The live item.
        port: Port,
    },
    /// The difference is still there after the patch, so the next run computes and sends it again.
    DifferenceStays,
    /// Server-side apply finds items of the list by their map keys.
    FoundByMapKeys {
        /// The list map keys.
        map_keys: Vec<String>,
        /// The items that the manifest gives.
        ports: Vec<Port>,
    },
    /// kubectl compared a live item with an item of the manifest that is another port.
    Paired {
        /// The live item.
        live: Port,
        /// The item of the manifest.
        manifest: Port,
    },
    /// kubectl sorts both lists by merge key before it compares them, and items with one key come out in reverse.
    ComparedByPlace {
        /// The order in the live object.
        live: Vec<Port>,
        /// The order in the manifest.
        manifest: Vec<Port>,
    },
    /// A directive of the patch deletes every live item with the key.
    DeletesAll {
        /// The merge key.
        number: i64,
        /// The live items that it deletes.
        ports: Vec<Port>,
    },
    /// An item of the manifest is merged into another one and lost.
    Swallowed {
        /// The item that is lost.
        lost: Port,
        /// The item that it was merged into.
        into: Port,
    },
    /// A live item became another port.
    TurnedInto {
        /// What it was.
        was: Port,
        /// What it is.
        is: Port,
    },
    /// The server refused the request.
    Refused {
        /// Which ways were refused.
        ways: Vec<Way>,
        /// The server's causes, or its message.
        messages: Vec<String>,
    },
    /// The items of a patch are not in the order that the patch states for the list.
    OrderContradicted {
        /// Whether kubectl found that, and not the server.
        by_client: bool,
    },
    /// kubectl could not compute a patch.
    ClientFailed {
        /// kubectl's message.
        message: String,
    },
    /// A manager owns fields that would change.
    Owned {
        /// The manager, as the server names it.
        manager: String,
        /// The fields.
        fields: Vec<String>,
    },
    /// The number or the protocol of a port changed.
    NumberChanged {
        /// The live port.
        was: Port,
        /// The port in the manifest that has its name.
        is: Port,
    },
    /// Ways keep the old item beside the new one.
    KeptBeside {
        /// The ways that keep it.
        ways: Vec<Way>,
        /// The port that stays.
        port: Port,
    },
    /// Ports exchanged their names.
    NamesSwapped {
        /// One, as it is live.
        one: Port,
        /// The other, as it is live.
        other: Port,
    },
    /// The node port of a port changed though the manifest does not state it.
    NodePortMoved {
        /// The way that does it.
        way: Way,
        /// The port.
        port: Port,
        /// The node port before.
        was: i64,
        /// The node port afterwards, if there is one.
        is: Option<i64>,
    },
    /// There are more facts of the same kind.
    AndMore {
        /// Of which kind.
        of: Kindred,
        /// How many.
        count: usize,
    },
    /// These ports are given without a protocol.
    ProtocolLeftOut {
        /// The ports.
        ports: Vec<Port>,
    },
    /// The live object has no last-applied annotation.
    LastAppliedMissing,
    /// The last-applied annotation states values that are not live.
    LastAppliedStale {
        /// The fields.
        fields: Vec<String>,
    },
    /// A field that is not in the manifest stays after a way.
    LeftBehind {
        /// The ways that leave it.
        ways: Vec<Way>,
        /// The ways that remove it.
        removed_by: Vec<Way>,
        /// The field.
        path: String,
        /// Who owns it.
        owners: Vec<String>,
    },
    /// A field is stated as `null` or with its zero value.
    ZeroStated {
        /// The field.
        path: String,
        /// The value.
        value: Value,
    },
    /// A value is one to the server and many to the client.
    ReplacedWhole {
        /// The field.
        path: String,
        /// What server-side apply and replace drop and client-side apply keeps.
        lost: Vec<String>,
    },
    /// The type of the Service changes.
    TypeChanged {
        /// What it was.
        was: String,
        /// What it is to be.
        is: String,
        /// The node ports that are given back.
        freed: Vec<i64>,
    },
}
