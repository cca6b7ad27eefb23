//! A merge patch (RFC 7396), applied to a text of JSON with comments.

use serde_json::{Map, Value};

use super::{
    Fault, Splices,
    document::{Document, Object},
    insert, remove,
};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text with a merge patch applied to it: what the patch has is set, where it says `null` there
/// is nothing afterwards, objects are merged member by member. All other bytes stay.
///
/// Otherwise than RFC 7396 says, an object does not take the place of what is none, which is a
/// fault; and an object that lost its last member to the patch goes, too, unless remarks are in it.
/// A member goes with the remark behind it on its last line.
pub fn merge(text: &str, patch: &Value) -> Result<String, Fault> {
    let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut merged = body.to_owned();
    let mut changes = Vec::new();
    flatten(patch, &mut Vec::new(), &mut changes);
    // What is set comes first: an object that would be empty in between would lose its place.
    let (set, removed): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, new)| !new.is_null());
    for (path, new) in set.iter().chain(&removed) {
        // One change may take steps, each with a text of its own: the objects, then their member.
        for _ in 0..=path.len() {
            let Some(next) = step(&merged, path, new)? else { break };
            merged = next;
        }
    }
    let mut wanted = value(body)?;
    apply(&mut wanted, patch);
    if pruned(value(&merged)?, patch) != pruned(wanted, patch) {
        return Err(Fault::at(body, 0, "it is written in a way that is not changed here"));
    }
    let mark = text.get(..text.len() - body.len()).unwrap_or_default();
    Ok(format!("{mark}{merged}"))
}

/// What a text says; an empty one says nothing, which is an empty object.
pub fn value(text: &str) -> Result<Value, Fault> {
    let document = Document::parse(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))?;
    document.root()?;
    Ok(match document.value {
        Value::Null => Value::Object(Map::new()),
        value => value,
    })
}

/// The first thing in a text that [`value`] reads and the client does not: a remark, or a comma that
/// nothing follows. It then ignores the whole file (facts 8).
pub fn unread(text: &str) -> Option<Fault> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if text.trim().is_empty() {
        return None;
    }
    super::document::fault_of_json(text)
}

type Path<'p> = Vec<&'p str>;

fn flatten<'p>(patch: &'p Value, at: &mut Path<'p>, all: &mut Vec<(Path<'p>, &'p Value)>) {
    for (name, new) in patch.as_object().into_iter().flatten() {
        at.push(name);
        if new.is_object() {
            flatten(new, at, all);
        } else {
            all.push((at.clone(), new));
        }
        at.pop();
    }
}

/// The text one step nearer to holding `new` at `path`; `None` if it does.
fn step(text: &str, path: &[&str], new: &Value) -> Result<Option<String>, Fault> {
    let document = Document::parse(text)?;
    let Some(root) = document.root()? else {
        return Ok((!new.is_null()).then(|| with_root(&document)));
    };
    let splices = match path.split_last() {
        None => None,
        Some((name, parents)) => match reach(root, parents)? {
            Ok(_) if new.is_null() => remove::splices(&chain(root, parents)?, name),
            Ok(object) => set(object, name, new),
            Err(_) if new.is_null() => None,
            Err((object, missing)) => Some(insert::splices(object, missing, "{}")),
        },
    };
    Ok(splices.map(|splices| spliced(text, splices)))
}

/// The object at a path, or the last one on the way and the name that it lacks.
fn reach<'d, 'p>(
    root: Object<'d>,
    path: &[&'p str],
) -> Result<Result<Object<'d>, (Object<'d>, &'p str)>, Fault> {
    let mut object = root;
    for name in path {
        match object.member(name) {
            Some(member) => object = object.within(member)?,
            None => return Ok(Err((object, name))),
        }
    }
    Ok(Ok(object))
}

/// All objects on the way along a path, from the root.
fn chain<'d>(root: Object<'d>, path: &[&str]) -> Result<Vec<Object<'d>>, Fault> {
    let mut all = vec![root];
    let mut object = root;
    for name in path {
        let Some(member) = object.member(name) else { break };
        object = object.within(member)?;
        all.push(object);
    }
    Ok(all)
}

fn set(object: Object<'_>, name: &str, new: &Value) -> Option<Splices> {
    use jsonc_parser::common::Ranged as _;

    let Some(member) = object.member(name) else {
        return Some(insert::splices(object, name, &new.to_string()));
    };
    let range = member.value.range();
    let old = object.document.slice(range.start, range.end);
    let same = Document::parse(old).is_ok_and(|old| old.value == *new);
    (!same).then(|| vec![(range.start..range.end, new.to_string())])
}

/// The text of a document that has remarks at most, with an empty object at its end.
fn with_root(document: &Document<'_>) -> String {
    let (text, newline) = (document.text, document.newline());
    let remarks = text.trim_end();
    let between = if remarks.is_empty() || text.ends_with(['\n', '\r']) { "" } else { newline };
    let kept = if remarks.is_empty() { "" } else { text };
    format!("{kept}{between}{{}}{newline}")
}

fn spliced(text: &str, mut splices: Splices) -> String {
    let mut text = text.to_owned();
    splices.sort_by_key(|(range, _)| (range.start, range.end));
    for (range, new) in splices.into_iter().rev() {
        text.replace_range(range, &new);
    }
    text
}

/// The patch, applied to a value as RFC 7396 says it.
fn apply(value: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else { return *value = patch.clone() };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Some(object) = value.as_object_mut() else { return };
    for (name, new) in patch {
        if new.is_null() {
            object.shift_remove(name);
        } else {
            apply(object.entry(name.as_str()).or_insert(Value::Null), new);
        }
    }
}

/// A value without those objects of the patch that have no member: they may be there or not.
fn pruned(mut value: Value, patch: &Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        for (name, new) in
            patch.as_object().into_iter().flatten().filter(|(_, new)| new.is_object())
        {
            let Some(held) = object.get_mut(name).filter(|held| held.is_object()) else { continue };
            *held = pruned(held.take(), new);
            if held.as_object().is_some_and(Map::is_empty) {
                object.shift_remove(name);
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(text: &str, patch: &Value) -> String {
        let merged = merge(text, patch).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(merge(&merged, patch).unwrap(), merged, "twice is not once: {text}");
        merged
    }

    #[test]
    fn a_value_is_exchanged_and_nothing_else() {
        let patch = json!({"env": {"A": "new", "B": "2"}, "model": "m"});
        for (before, after) in [
            (
                "{\n  // why\n  \"x\": 1.0, /* 1e3 */ \"y\": 1e3,\n\n\n  \"model\" :\"old\",\n  \"env\": {\"A\":\"old\",\"B\":\"2\"}\n}",
                "{\n  // why\n  \"x\": 1.0, /* 1e3 */ \"y\": 1e3,\n\n\n  \"model\" :\"m\",\n  \"env\": {\"A\":\"new\",\"B\":\"2\"}\n}",
            ),
            (
                "\u{feff}{\r\n\t\"env\": {\r\n\t\t\"A\": \"\\u0041\", // a\r\n\t\t\"B\": \"\\u0032\",\r\n\t},\r\n\t\"model\": [\"deep\", {}],\r\n}\r\n",
                "\u{feff}{\r\n\t\"env\": {\r\n\t\t\"A\": \"new\", // a\r\n\t\t\"B\": \"\\u0032\",\r\n\t},\r\n\t\"model\": \"m\",\r\n}\r\n",
            ),
            (
                "{\"env\":{\"A\":\"1\",\"A\":\"2\",\"B\":\"2\"},\"model\":\"m\",\"env\":{\"B\":\"2\",\"A\":\"3\",\"A\":\"4\"}}",
                "{\"env\":{\"A\":\"1\",\"A\":\"2\",\"B\":\"2\"},\"model\":\"m\",\"env\":{\"B\":\"2\",\"A\":\"3\",\"A\":\"new\"}}",
            ),
        ] {
            assert_eq!(merged(before, &patch), after);
        }
        let same = "{ \"env\" : { \"\\u0041\" : \"new\" , \"B\" : \"2\" } , \"model\":\"m\" }";
        assert_eq!(merged(same, &patch), same);
    }

    #[test]
    fn what_is_new_comes_to_the_end_as_the_file_is_written() {
        let patch = json!({"env": {"A": "1", "B": "2"}});
        for (before, after) in [
            ("", "{\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  }\n}\n"),
            (" \n", "{\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  }\n}\n"),
            ("{}", "{\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  }\n}"),
            ("// mine", "// mine\n{\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  }\n}\n"),
            ("{\"x\":1}", "{\"x\":1,\"env\":{\"A\":\"1\",\"B\":\"2\"}}"),
            ("{ \"x\": 1 }", "{ \"x\": 1, \"env\": { \"A\": \"1\", \"B\": \"2\" } }"),
            ("{\"x\": 1,}", "{\"x\": 1, \"env\": {\"A\": \"1\", \"B\": \"2\"},}"),
            (
                "{\r\n\t\"x\": 1 // one\r\n\t// end\r\n}\r\n",
                "{\r\n\t\"x\": 1, // one\r\n\t// end\r\n\t\"env\": {\r\n\t\t\"A\": \"1\",\r\n\t\t\"B\": \"2\"\r\n\t}\r\n}\r\n",
            ),
            (
                "{\n    \"env\": {\n        \"X\": \"0\",\n    },\n}",
                "{\n    \"env\": {\n        \"X\": \"0\",\n        \"A\": \"1\",\n        \"B\": \"2\",\n    },\n}",
            ),
            (
                "{\n   \"env\": {},\n   \"x\": {\"y\": 1}\n}",
                "{\n   \"env\": {\n      \"A\": \"1\",\n      \"B\": \"2\"\n   },\n   \"x\": {\"y\": 1}\n}",
            ),
            (
                "{\n  \"env\": {\n    // \"A\": \"0\"\n  }\n}",
                "{\n  \"env\": {\n    // \"A\": \"0\"\n    \"A\": \"1\",\n    \"B\": \"2\"\n  }\n}",
            ),
            (
                "{ \"x\": 1,\n  \"y\": 2 }",
                "{ \"x\": 1,\n  \"y\": 2,\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  } }",
            ),
        ] {
            assert_eq!(merged(before, &patch), after, "{before}");
        }
    }

    #[test]
    fn what_goes_takes_its_line_and_its_comma_along() {
        let patch = json!({"env": {"A": null, "B": null}});
        for (before, after) in [
            (
                "{\n  \"env\": {\n    // on a\n    \"A\": \"1\", // a\n    \"X\": \"0\"\n  }\n}",
                "{\n  \"env\": {\n    // on a\n    \"X\": \"0\"\n  }\n}",
            ),
            (
                "{\n  \"env\": {\n    \"X\": \"0\", // x\n    \"A\": \"1\",\n    \"B\": \"2\" // b\n  }\n}",
                "{\n  \"env\": {\n    \"X\": \"0\" // x\n  }\n}",
            ),
            (
                "{\n  \"env\": {\n    \"X\": \"0\",\n    \"A\": \"1\",\n  },\n}",
                "{\n  \"env\": {\n    \"X\": \"0\",\n  },\n}",
            ),
            ("{\"env\": {\"A\": \"1\", \"X\": \"0\", \"B\": \"2\"}}", "{\"env\": {\"X\": \"0\"}}"),
            ("{\"env\":{\"X\":\"0\",\"A\":\"1\"},\"y\":1}", "{\"env\":{\"X\":\"0\"},\"y\":1}"),
            ("{\"env\": {\"A\": \"1\"}, \"y\": 1}", "{\"y\": 1}"),
            ("{\"y\": 1, \"env\": {\"A\": \"1\", \"A\": \"2\", \"B\": \"3\"}}", "{\"y\": 1}"),
            ("{\"env\": {\"A\": \"1\"}}", "{}"),
            ("{\n  \"env\": {\n    \"A\": \"1\"\n  }\n}\n", "{}\n"),
            (
                "{\n  \"env\": {\n    // mine\n    \"A\": \"1\"\n  }\n}",
                "{\n  \"env\": {\n    // mine\n  }\n}",
            ),
            // Without the second, the first would count.
            (
                "{\"env\": {\"X\": \"0\"}, \"env\": {\"A\": \"1\"}}",
                "{\"env\": {\"X\": \"0\"}, \"env\": {}}",
            ),
            ("{ \"x\": 1\n, \"env\": {\"A\": \"1\"}\n}", "{ \"x\": 1\n\n}"),
            (
                "{\"env\": {\"A\": \"1\" /* a */, \"X\": \"0\"}}",
                "{\"env\": { /* a */ \"X\": \"0\"}}",
            ),
            ("{\"env\": {\"X\": \"0\"}}", "{\"env\": {\"X\": \"0\"}}"),
            ("{}", "{}"),
            ("", ""),
            ("{ // c\n \"env\": {\"A\": \"1\"} }", "{ // c\n  }"),
        ] {
            assert_eq!(merged(before, &patch), after, "{before}");
        }
    }

    #[test]
    fn what_cannot_be_read_or_is_no_object_is_said_with_its_place() {
        let patch = json!({"env": {"A": "1"}});
        for (text, place, what) in [
            ("{\n  \"env\": [\n  ]\n}", "2:10", "`env` is not an object"),
            ("{\"é\": 1, \"env\": null}", "1:17", "`env` is not an object"),
            ("[]", "1:1", "expected an object"),
            ("{\"a\": 1 \"b\": 2}", "1:8", "expected comma"),
            ("{\"a\": 1", "1:1", "unterminated object"),
            ("{a: 1}", "1:2", "expected string for object property"),
            ("{\"a\": 01}", "1:8", "expected comma"),
            ("{\"a\": \"x\n\"}", "2:1", "control character"),
            ("{\"a\": \"\\ud800\"}", "1:8", "surrogate"),
            ("{\"a\":\u{a0}1}", "1:6", "expected value"),
            ("{} {}", "1:4", "more than one"),
            ("{,}", "1:2", "unexpected token in object"),
            ("{\"a\": [1,,2]}", "1:10", "unexpected comma"),
        ] {
            let fault = merge(text, &patch).unwrap_err();
            let told = format!("{}:{}: {fault}", fault.line, fault.column);
            assert!(told.starts_with(place) && told.contains(what), "{text}: {told}");
        }
        assert_eq!(value("").unwrap(), json!({}));
    }

    #[test]
    fn what_the_client_does_not_read_is_said_with_its_place() {
        let place = |text: &str| unread(text).map(|fault| (fault.line, fault.column));
        for read in ["", " \r\n", "\u{feff}{}", "{\"a\": [1]}"] {
            assert_eq!(place(read), None, "{read}");
        }
        assert_eq!(place("{\n  // mine\n}"), Some((2, 3)));
        assert_eq!(place("{\"é\": 1 /* one */}"), Some((1, 9)));
        assert_eq!(place("{\"a\": [1,],\n}"), Some((1, 10)));
    }

    /// Writes documents as people and programs do, and as nobody would.
    struct Author {
        dice: fastrand::Rng,
        newline: &'static str,
        unit: &'static str,
        lines: bool,
        remarks: bool,
        end_comma: bool,
    }

    impl Author {
        fn new(seed: u64) -> Self {
            let mut dice = fastrand::Rng::with_seed(seed);
            Self {
                newline: ["\n", "\r\n"][dice.usize(..2)],
                unit: ["  ", "\t", "    ", " "][dice.usize(..4)],
                lines: dice.u8(..4) > 0,
                remarks: dice.bool(),
                end_comma: dice.u8(..3) == 0,
                dice,
            }
        }

        /// Blanks and remarks, on a line that goes on.
        fn gap(&mut self) -> String {
            let blanks = ["", "", " ", "  "][self.dice.usize(..4)];
            match self.dice.u8(..8) {
                0 if self.remarks => format!("{blanks}/* {{\"a\": \"é\"}}, */ "),
                _ => blanks.to_owned(),
            }
        }

        /// A line break and the blanks behind it, with or without remarks before.
        fn line(&mut self, depth: usize) -> String {
            let (newline, indent) = (self.newline, self.unit.repeat(depth));
            let remark = match self.dice.u8(..10) {
                0 if self.remarks => format!(" // \"env\": {{{newline}{indent}"),
                1 if self.remarks => {
                    format!("{newline}{indent}/* one{newline} two */{newline}{indent}")
                }
                2 => format!("{newline}{newline}{indent}"),
                _ => format!("{newline}{indent}"),
            };
            if remark.ends_with(&indent) { remark } else { format!("{remark}{newline}{indent}") }
        }

        fn scalar(&mut self) -> String {
            let all = [
                "\"\"",
                "\"a\\u0062\\n\"",
                "\"{,}\"",
                "\"// no\"",
                "1.0",
                "1e3",
                "-0",
                "true",
                "null",
                "[]",
                "[1, \"x\" ,{\"env\":{\"A\":1}}]",
                "12345678901234567890",
                "\"日本\"",
            ];
            all[self.dice.usize(..all.len())].to_owned()
        }

        fn object(&mut self, names: &[&str], depth: usize) -> String {
            let lines = self.lines && self.dice.u8(..6) > 0;
            let mut text = "{".to_owned();
            let mut names: Vec<&str> =
                names.iter().copied().filter(|_| self.dice.u8(..3) > 0).collect();
            self.dice.shuffle(&mut names);
            for (number, name) in names.iter().enumerate() {
                if number > 0 {
                    text.push_str(&self.gap());
                    text.push(',');
                }
                text.push_str(&if lines { self.line(depth + 1) } else { self.gap() });
                let value = match self.dice.u8(..3) {
                    _ if *name == "env" => self.object(&["A", "B", "X", "X", "é", "Z"], depth + 1),
                    // What a patch may exchange is no object: its remarks would go with it.
                    0 if depth < 3 && !["A", "B", "model"].contains(name) => {
                        self.object(&["A", "env", "q", "q"], depth + 1)
                    }
                    _ => self.scalar(),
                };
                let (before, behind) = (self.gap(), self.gap());
                text.extend(["\"", name, "\"", &before, ":", &behind, &value]);
            }
            if !names.is_empty() && self.end_comma {
                text.push(',');
            }
            text.push_str(&if lines { self.line(depth) } else { self.gap() });
            text.push('}');
            text
        }

        fn document(&mut self) -> String {
            let names = ["env", "model", "x", "x", "permissions", "A"];
            let (mark, end) = (["", "\u{feff}"][self.dice.usize(..2)], self.line(0));
            format!("{mark}{}{}{end}", self.gap(), self.object(&names, 0))
        }

        fn patch(&mut self) -> Value {
            let mut patch = json!({"env": {}});
            for name in ["A", "B", "C", "D"] {
                match self.dice.u8(..4) {
                    0 => patch["env"][name] = Value::Null,
                    1 => {}
                    _ => patch["env"][name] = format!("{}\"\\\n", self.dice.u8(..3)).into(),
                }
            }
            match self.dice.u8(..4) {
                0 => patch["model"] = Value::Null,
                1 => patch["awsAuthRefresh"] = "aws sso login".into(),
                2 => patch["model"] = json!(["a", {"b": 1}]),
                _ => {}
            }
            patch
        }
    }

    /// The members that a patch does not name, as they are written, in their order.
    fn untouched(text: &str, patch: &Value) -> Vec<String> {
        use jsonc_parser::common::Ranged as _;

        fn of(object: Object<'_>, patch: &Value, all: &mut Vec<String>) {
            for member in object.members() {
                let written = object.document.slice(member.start(), member.end());
                match patch.get(member.name.as_str()) {
                    None => all.push(written.to_owned()),
                    Some(patch) if patch.is_object() => {
                        of(object.within(member).unwrap(), patch, all);
                    }
                    Some(_) => {}
                }
            }
        }
        let document = Document::parse(text.trim_start_matches(BYTE_ORDER_MARK)).unwrap();
        let mut all = Vec::new();
        of(document.root().unwrap().unwrap(), patch, &mut all);
        all
    }

    fn remarks(text: &str) -> usize {
        text.matches("/*").count() + text.matches("// \"env").count()
    }

    #[test]
    fn whatever_is_written_the_patch_is_in_and_the_rest_stays() {
        let mut changed = 0;
        for seed in 0..600 {
            let mut author = Author::new(seed);
            let (text, patch) = (author.document(), author.patch());
            let after = merged(&text, &patch);
            assert_eq!(untouched(&text, &patch), untouched(&after, &patch), "{text}\n{after}");
            let mut wanted = value(&text).unwrap();
            apply(&mut wanted, &patch);
            assert_eq!(pruned(value(&after).unwrap(), &patch), pruned(wanted, &patch), "{text}");
            if !patch.to_string().contains("null") && patch["model"].is_null() {
                assert_eq!(remarks(&text), remarks(&after), "{text}\n{after}");
            }
            assert_eq!(text.starts_with(BYTE_ORDER_MARK), after.starts_with(BYTE_ORDER_MARK));
            let alone = |text: &str| text.replace("\r\n", "").contains(['\r', '\n']);
            assert!(!text.contains('\r') || !alone(&after) || alone(&text), "{text:?}\n{after:?}");
            changed += usize::from(text != after);
        }
        assert!(changed > 500, "{changed}");
    }

    #[test]
    fn what_was_put_in_and_is_taken_out_leaves_the_first_text() {
        let put = json!({"env": {"NEW": "1", "TWO": "2"}, "awsAuthRefresh": "x"});
        let out = json!({"env": {"NEW": null, "TWO": null}, "awsAuthRefresh": null});
        let mut same = 0;
        for seed in 0..600 {
            let text = Author::new(seed).document();
            let held = value(&text).unwrap();
            let empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
            // `{ }` becomes `{}`, and an `env` that was empty goes.
            if empty(&held) || empty(&held["env"]) {
                continue;
            }
            assert_eq!(merged(&merged(&text, &put), &out), text);
            same += 1;
        }
        assert!(same > 350, "{same}");
    }
}
