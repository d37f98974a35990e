//! Hostile input made of bytes: what a fuzzer, or a property test, has to offer is read as choices.
//!
//! Whoever runs out of bytes gets zeros, and a zero is always the plainest choice: short bytes make small input, and every input
//! ends.

use serde_json::{Map, Value, json};

/// Bytes, read as choices.
pub(crate) struct Dice<'b> {
    bytes: &'b [u8],
}

/// The words that the model reacts to, and some that it has never heard.
const WORDS: &[&str] = &[
    "dns",
    "",
    "port",
    "ports",
    "spec",
    "metadata",
    "name",
    "protocol",
    "nodePort",
    "targetPort",
    "TCP",
    "UDP",
    "SCTP",
    "Service",
    "v1",
    "kind",
    "apiVersion",
    "namespace",
    "default",
    "labels",
    "annotations",
    "managedFields",
    "manager",
    "operation",
    "Apply",
    "Update",
    "fieldsType",
    "FieldsV1",
    "fieldsV1",
    "time",
    "subresource",
    "status",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "finalizers",
    "ownerReferences",
    "generateName",
    "generation",
    "type",
    "ClusterIP",
    "NodePort",
    "LoadBalancer",
    "ExternalName",
    "clusterIP",
    "clusterIPs",
    "None",
    "10.0.0.1",
    "externalIPs",
    "ipFamilies",
    "ipFamilyPolicy",
    "externalTrafficPolicy",
    "Local",
    "internalTrafficPolicy",
    "sessionAffinity",
    "ClientIP",
    "sessionAffinityConfig",
    "healthCheckNodePort",
    "loadBalancerSourceRanges",
    "selector",
    "appProtocol",
    "conditions",
    "loadBalancer",
    "ingress",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl",
    "kubectl-client-side-apply",
    "before-first-apply",
    "2026-11-23T12:00:00Z",
    "2026-02-30T25:61:61Z",
    "$patch",
    "delete",
    "replace",
    "merge",
    "$retainKeys",
    "$setElementOrder/ports",
    "$setElementOrder/finalizers",
    "$deleteFromPrimitiveList/finalizers",
    "$setElementOrder",
    "$deleteFromPrimitiveList/",
    "f:metadata",
    "f:spec",
    "f:ports",
    "k:{\"port\":53,\"protocol\":\"TCP\"}",
    "k:{\"port\":53}",
    "k:{",
    "v:\"a\"",
    "i:0",
    "i:-1",
    ".",
    "f:",
    "apps/v1",
    "a/b/c",
    "List",
    "items",
    "op",
    "path",
    "value",
    "add",
    "remove",
    "test",
    "move",
    "copy",
    "from",
    "/spec/ports/0/nodePort",
    "/spec/ports/-",
    "/metadata/labels/a~1b",
    "\u{0}",
    "\u{fffd}",
    "\u{10ffff}",
    "a\"b\\c\n\t<&>\u{2028}",
    "ß東\u{301}",
    "-",
    "~",
    "null",
    "true",
    "0x10",
    "1e3",
    "010",
    "yes",
    "components",
    "schemas",
    "properties",
    "$ref",
    "#/components/schemas/a",
    "allOf",
    "additionalProperties",
    "x-kubernetes-group-version-kind",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-patch-strategy",
    "x-kubernetes-map-type",
    "array",
    "object",
    "string",
    "integer",
    "group",
    "version",
    "map",
    "set",
    "atomic",
    "definitions",
];

impl<'b> Dice<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Dice { bytes }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// Less than `n`, which is at most 65,536.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let high = if n > 256 { usize::from(self.byte()) << 8 } else { 0 };
        (high | usize::from(self.byte())) % n
    }

    /// Rarely true: once in `n`.
    pub(crate) fn rarely(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// All the bytes that are left.
    pub(crate) fn rest(&mut self) -> &'b [u8] {
        std::mem::take(&mut self.bytes)
    }

    pub(crate) fn text(&mut self) -> String {
        match self.below(16) {
            15 => {
                let length = self.below(12).min(self.bytes.len());
                let (taken, rest) = self.bytes.split_at(length);
                self.bytes = rest;
                String::from_utf8_lossy(taken).into_owned()
            }
            14 => self.one_of(WORDS).repeat(self.below(40)),
            13 => format!("{}{}", self.one_of(WORDS), self.one_of(WORDS)),
            _ => self.one_of(WORDS).to_owned(),
        }
    }

    pub(crate) fn number(&mut self) -> Value {
        match self.below(24) {
            0..=4 => json!(53),
            5..=8 => json!(80),
            9..=12 => json!(30_000 + self.below(4)),
            13 => json!(0),
            14 => json!(-1),
            15 => json!(i64::MIN),
            16 => json!(i64::MAX),
            17 => json!(u64::MAX),
            18 => json!(53.0),
            19 => json!(0.5),
            20 => json!(1e308),
            21 => json!(-5e-324),
            22 => json!(4_294_967_349_i64),
            _ => json!(self.below(65_536)),
        }
    }

    fn scalar(&mut self) -> Value {
        match self.below(8) {
            0 => Value::Null,
            1 => json!(self.rarely(2)),
            2..=4 => self.number(),
            _ => json!(self.text()),
        }
    }

    /// JSON of any shape, its keys mostly words that mean something.
    pub(crate) fn json(&mut self, depth: usize) -> Value {
        match self.below(8) {
            5 | 6 if depth > 0 => {
                let members = (0..self.below(6)).map(|_| (self.text(), self.json(depth - 1)));
                Value::Object(members.collect())
            }
            7 if depth > 0 => (0..self.below(5)).map(|_| self.json(depth - 1)).collect(),
            _ => self.scalar(),
        }
    }

    fn port(&mut self) -> Value {
        let mut port = Map::new();
        port.insert("port".into(), json!(self.one_of(&[53, 80, 443])));
        let protocol = self.one_of(&[None, Some("TCP"), Some("UDP")]);
        port.extend(protocol.map(|protocol| ("protocol".to_owned(), json!(protocol))));
        if self.rarely(2) {
            port.insert("nodePort".into(), json!(30_000 + self.below(4)));
        }
        let name = self.one_of(&[None, Some("a"), Some("b"), Some("c")]);
        port.extend(name.map(|name| ("name".to_owned(), json!(name))));
        Value::Object(port)
    }

    /// A Service that could be one, apart from what repeats by chance.
    pub(crate) fn service(&mut self) -> Value {
        let ports: Vec<Value> = (0..=self.below(4)).map(|_| self.port()).collect();
        let mut service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns", "namespace": "default"},
            "spec": {"type": self.one_of(&["NodePort", "ClusterIP", "LoadBalancer"]), "ports": ports},
        });
        if self.rarely(2) {
            service["metadata"]["labels"] = json!({self.one_of(&["app", "tier"]): self.one_of(&["dns", "web"])});
        }
        if self.rarely(4) {
            service["metadata"]["managedFields"] = self.managed_fields();
        }
        if self.rarely(8) {
            let applied = self.twisted_service(1).to_string();
            // Each annotation within an annotation doubles what is escaped in it.
            if applied.len() < 4096 {
                service["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": applied});
            }
        }
        if self.rarely(8) {
            service["metadata"]["finalizers"] = json!(["a/b", self.text()]);
        }
        if self.rarely(8) {
            service["status"] = json!({"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}});
        }
        service
    }

    /// A Service of which up to `twists` parts are something else; often none.
    pub(crate) fn twisted_service(&mut self, twists: usize) -> Value {
        let mut service = self.service();
        self.twist(&mut service, twists);
        service
    }

    pub(crate) fn twist(&mut self, value: &mut Value, twists: usize) {
        for _ in 0..self.below(twists + 1) {
            self.twist_one(value);
        }
    }

    fn twist_one(&mut self, value: &mut Value) {
        let deeper = !self.rarely(5);
        match value {
            Value::Object(members) if deeper && !members.is_empty() => {
                let key = members.keys().nth(self.below(members.len())).cloned().unwrap_or_default();
                if let Some(member) = members.get_mut(&key) {
                    self.twist_one(member);
                }
            }
            Value::Array(items) if deeper && !items.is_empty() => {
                let at = self.below(items.len());
                self.twist_one(&mut items[at]);
            }
            Value::Object(members) if self.rarely(2) => {
                let (key, member) = (self.text(), self.json(3));
                members.insert(key, member);
            }
            Value::Array(items) if self.rarely(2) => {
                let item = if self.rarely(2) { items.first().cloned().unwrap_or_default() } else { self.json(3) };
                items.push(item);
            }
            other => *other = self.json(4),
        }
    }

    /// Entries of managed fields: real, odd, or nonsense.
    pub(crate) fn managed_fields(&mut self) -> Value {
        let entries = (0..self.below(5)).map(|_| {
            let mut entry = json!({
                "manager": self.one_of(&["kubectl-client-side-apply", "kubectl", "ci", ""]),
                "operation": self.one_of(&["Update", "Apply"]), "apiVersion": self.one_of(&["v1", "apps/v1", "a/b/c"]),
                "time": self.one_of(&["2026-11-23T12:00:00Z", "2026-11-23T12:00:01Z", "never"]),
                "fieldsType": "FieldsV1", "fieldsV1": self.fields(4),
            });
            self.twist(&mut entry, 2);
            entry
        });
        entries.collect()
    }

    fn fields(&mut self, depth: usize) -> Value {
        const KEYS: &[&str] = &[
            "f:spec",
            "f:ports",
            "f:metadata",
            "f:labels",
            "f:annotations",
            "f:app",
            ".",
            "f:nodePort",
            "f:port",
            "f:type",
            "k:{\"port\":53,\"protocol\":\"UDP\"}",
            "k:{\"port\":53,\"protocol\":\"TCP\"}",
            "k:{\"port\":80}",
            "k:{\"port\":null}",
            "v:\"a/b\"",
            "v:1",
            "i:0",
            "f:kubectl.kubernetes.io/last-applied-configuration",
            "f:",
            "x:y",
            "k:{",
            "v:",
            "i:x",
            "",
        ];
        if depth == 0 || self.rarely(12) {
            return if self.rarely(8) { self.json(2) } else { json!({}) };
        }
        let members = (0..self.below(5)).map(|_| (self.one_of(KEYS).to_owned(), self.fields(depth - 1)));
        Value::Object(members.collect())
    }

    /// A strategic merge patch: directives in right places and wrong ones.
    pub(crate) fn patch(&mut self) -> Value {
        let ports = (0..self.below(4)).map(|_| {
            let mut item = self.port();
            match self.below(6) {
                4 => item["$patch"] = json!(self.one_of(&["delete", "replace", "merge", "?"])),
                5 => item = self.json(2),
                _ => {}
            }
            item
        });
        let ports: Vec<Value> = ports.collect();
        let mut patch = json!({"spec": {"ports": ports}});
        let spec = &mut patch["spec"];
        if self.rarely(2) {
            spec["$setElementOrder/ports"] = (0..self.below(4)).map(|_| json!({"port": self.one_of(&[53, 80, 443])})).collect();
        }
        if self.rarely(6) {
            spec["$retainKeys"] = json!(["ports", self.text()]);
        }
        if self.rarely(6) {
            spec["$patch"] = json!(self.one_of(&["delete", "replace", "merge", "?"]));
        }
        if self.rarely(4) {
            patch["metadata"] = json!({
                "$deleteFromPrimitiveList/finalizers": ["a/b"], "$setElementOrder/finalizers": ["a/b", self.text()],
                "finalizers": [self.text()], "labels": {"app": null},
            });
        }
        self.twist(&mut patch, 3);
        patch
    }

    /// The text of a value, now and then no JSON any more, or JSON that no writer writes.
    pub(crate) fn wording(&mut self, value: &Value) -> Vec<u8> {
        let mut text = value.to_string().into_bytes();
        for _ in 0..self.below(4) {
            let at = self.below(text.len().clamp(1, 65_536)).min(text.len());
            match self.below(8) {
                0 => {}
                1 => text.truncate(at),
                2 => text.insert(at, self.byte()),
                3 => {
                    if let Some(byte) = text.get_mut(at) {
                        *byte = self.byte();
                    }
                }
                // A member twice: the text from one comma to the next, again.
                4 => repeat_member(&mut text, at),
                5 => replace_first(
                    &mut text,
                    at,
                    b"53",
                    self.one_of::<&[u8]>(&[b"53.0", b"5.3e1", b"1e999", b"-0", b"053", b"99999999999999999999", b" 53\n"]),
                ),
                6 => replace_first(
                    &mut text,
                    at,
                    b"d",
                    self.one_of::<&[u8]>(&[b"\\ud800", b"\\u0000", b"\\udc00\\ud800", b"\xff", b"\\x", b"\\u0064", b"\\/"]),
                ),
                _ => {
                    let deep = self.below(400);
                    replace_first(&mut text, at, b"80", &[b"[".repeat(deep), b"]".repeat(deep)].concat());
                }
            }
        }
        text
    }

    /// One of the values with the odds of a real one.
    pub(crate) fn object(&mut self) -> Value {
        match self.below(8) {
            7 => self.json(5),
            _ => self.twisted_service(3),
        }
    }
}

fn repeat_member(text: &mut Vec<u8>, at: usize) {
    let comma =
        |from: usize| text.get(from..).and_then(|rest| rest.iter().position(|&byte| byte == b',')).map(|found| from + found);
    let Some(first) = comma(at) else { return };
    let Some(second) = comma(first + 1) else { return };
    let member = text[first..second].to_vec();
    text.splice(second..second, member);
}

fn replace_first(text: &mut Vec<u8>, from: usize, what: &[u8], with: &[u8]) {
    let found = text.get(from..).and_then(|rest| rest.windows(what.len()).position(|window| window == what));
    if let Some(found) = found {
        text.splice(from + found..from + found + what.len(), with.iter().copied());
    }
}
