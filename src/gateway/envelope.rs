//! A request's body: the few members that a gateway reads, and edits in place.
//!
//! Only the top level is looked at, and only where each member begins and ends. What is changed is cut
//! out or put in; all else goes on byte for byte, so that numbers, escapes, the order of keys, thinking
//! signatures and cache marks arrive as they were sent.

use std::{borrow::Cow, fmt, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// Where a member is in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    name: String,
    /// All between two commas, or a comma and a brace.
    whole: Range<usize>,
    value: Range<usize>,
}

/// A JSON object, of which the top level is known.
#[derive(Clone, Debug)]
pub(super) struct Envelope<'a> {
    body: &'a [u8],
    /// Behind the first brace.
    open: usize,
    members: Vec<Member>,
}

/// Why a body is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It is no JSON object: what is wrong, and where.
    Json(String),
    /// A member is there twice. Which of them counts, readers do not agree on; so one could be checked
    /// and the other one answered.
    Twice(String),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) => write!(f, "the body is not a JSON object: {why}"),
            Self::Twice(name) => write!(f, "the body has `{name}` twice"),
        }
    }
}

impl<'a> Envelope<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let json = |error: serde_json::Error| Malformed::Json(error.to_string());
        let Spans(spans) = serde_json::from_slice(body).map_err(json)?;
        let open = body.iter().position(|byte| *byte == b'{').map_or(0, |at| at + 1);
        let begin = body.as_ptr() as usize;
        let mut members: Vec<Member> = Vec::with_capacity(spans.len());
        let mut from = open;
        for (name, value) in spans {
            let at = value.get().as_ptr() as usize - begin;
            let value = at..at + value.get().len();
            if members.iter().any(|member| member.name == *name) {
                return Err(Malformed::Twice(name.into_owned()));
            }
            // It was read as JSON: only white space is before the comma or the brace.
            let rest = body.get(value.end..).unwrap_or_default();
            let space = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let whole = from..value.end + space;
            from = whole.end + 1;
            members.push(Member { name: name.into_owned(), whole, value });
        }
        Ok(Self { body, open, members })
    }

    /// A member's JSON.
    pub(super) fn get(&self, name: &str) -> Option<&'a [u8]> {
        let member = self.members.iter().find(|member| member.name == name)?;
        self.body.get(member.value.clone())
    }

    /// A member, if it is of this type.
    pub(super) fn read_as<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(self.get(name)?).ok()
    }

    /// The body with its members edited: what is new comes first, what is there stays where it is.
    pub(super) fn edited(&self, edits: &[(&str, Edit)]) -> Vec<u8> {
        let grown: usize =
            edits.iter().map(|(name, edit)| name.len() + edit.json().len() + 4).sum();
        let mut out = Vec::with_capacity(self.body.len() + grown);
        out.extend_from_slice(self.part(0..self.open));
        let mut divider: &[u8] = b"";
        let new = edits.iter().filter(|(name, _)| self.get(name).is_none());
        for (name, edit) in new.filter(|(_, edit)| *edit != Edit::Remove) {
            // The names are ours, and need no escapes.
            for part in [divider, b"\"", name.as_bytes(), b"\":", edit.json().as_bytes()] {
                out.extend_from_slice(part);
            }
            divider = b",";
        }
        for Member { name, whole, value } in &self.members {
            let edit = edits.iter().find(|(edited, _)| edited == name).map(|(_, edit)| edit);
            if edit == Some(&Edit::Remove) {
                continue;
            }
            let new = edit.map_or(self.part(value.clone()), |edit| edit.json().as_bytes());
            let (before, behind) = (whole.start..value.start, value.end..whole.end);
            for part in [divider, self.part(before), new, self.part(behind)] {
                out.extend_from_slice(part);
            }
            divider = b",";
        }
        let end = self.members.last().map_or(self.open, |member| member.whole.end);
        out.extend_from_slice(self.part(end..self.body.len()));
        out
    }

    /// What becomes of an object of which these members are left out. `None`: nothing, it has none.
    pub(super) fn without(&self, names: &[&str]) -> Option<Edit> {
        let goes = |member: &&Member| names.contains(&member.name.as_str());
        match self.members.iter().filter(goes).count() {
            0 => None,
            count if count == self.members.len() => Some(Edit::Remove),
            _ => {
                let edits: Vec<_> = names.iter().map(|&name| (name, Edit::Remove)).collect();
                String::from_utf8(self.edited(&edits)).ok().map(Edit::Set)
            }
        }
    }

    fn part(&self, range: Range<usize>) -> &'a [u8] {
        self.body.get(range).unwrap_or_default()
    }
}

/// What becomes of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// It has this JSON for its value.
    Set(String),
    Remove,
}

impl Edit {
    fn json(&self) -> &str {
        match self {
            Self::Set(json) => json,
            Self::Remove => "",
        }
    }
}

struct Spans<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Spans<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Spans<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Spans<'de>, A::Error> {
        let mut all = Vec::with_capacity(16);
        while let Some(name) = map.next_key::<Name<'de>>()? {
            if all.len() == MOST_MEMBERS {
                return Err(A::Error::custom("it has more members than any request"));
            }
            all.push((name.0, map.next_value()?));
        }
        Ok(Spans(all))
    }
}

/// Finding a member twice takes time that grows by their square.
const MOST_MEMBERS: usize = 100;

/// A key, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(body: &str, edits: &[(&str, Edit)]) -> String {
        String::from_utf8(Envelope::read(body.as_bytes()).unwrap().edited(edits)).unwrap()
    }

    fn set(json: &str) -> Edit {
        Edit::Set(json.into())
    }

    #[test]
    fn what_is_not_edited_stays_byte_for_byte() {
        let body = "\n { \"z\" : 1.0 ,\"a\":[1e3, 12345678901234567890 ],\t\"\\u0065\":\"\\u00e9\\/é\"\r\n, \"model\": \"m\" } \n";
        assert_eq!(edited(body, &[]), body);
        assert_eq!(edited(body, &[("model", set("\"n\""))]), body.replace("\"m\"", "\"n\""));
        assert_eq!(
            edited(body, &[("model", Edit::Remove), ("v", set("1"))]),
            body.replace(", \"model\": \"m\" ", "").replace(" { \"z\"", " {\"v\":1, \"z\"")
        );
        assert_eq!(edited(body, &[("z", Edit::Remove)]), body.replace(" \"z\" : 1.0 ,", ""));
    }

    #[test]
    fn members_are_removed_and_added_wherever_they_are() {
        let all = r#"{"a":1,"b":2,"c":3}"#;
        let none = [("a", Edit::Remove), ("b", Edit::Remove), ("c", Edit::Remove)];
        assert_eq!(edited(all, &none), "{}");
        assert_eq!(edited(all, &none[..2]), r#"{"c":3}"#);
        assert_eq!(edited(all, &none[1..]), r#"{"a":1}"#);
        assert_eq!(edited(all, &[("b", Edit::Remove), ("d", set("4"))]), r#"{"d":4,"a":1,"c":3}"#);
        assert_eq!(edited("{}", &[("a", set("1")), ("b", set("2"))]), r#"{"a":1,"b":2}"#);
        assert_eq!(edited("{ }", &[("a", Edit::Remove)]), "{ }");
    }

    #[test]
    fn members_are_known_by_their_names_and_not_by_how_these_are_written() {
        let body = r#"{"mod\u0065l":"x","stream":true,"nested":{"model":"y"}}"#;
        let envelope = Envelope::read(body.as_bytes()).unwrap();
        assert_eq!(envelope.read_as::<&str>("model"), Some("x"));
        assert_eq!(envelope.read_as::<bool>("stream"), Some(true));
        assert_eq!(envelope.read_as::<bool>("model"), None);
        assert_eq!(envelope.get("nested"), Some(br#"{"model":"y"}"#.as_slice()));
        let twice = r#"{"model":"x","mod\u0065l":"y"}"#;
        let refused = Envelope::read(twice.as_bytes()).unwrap_err();
        assert_eq!(refused, Malformed::Twice("model".into()));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in
            ["", "[]", "1", "{", r#"{"a":1} x"#, r#"{"a":}"#, "{\"a\":\"\u{0}\"}", "\u{feff}{}"]
        {
            assert!(matches!(Envelope::read(body.as_bytes()), Err(Malformed::Json(_))), "{body}");
        }
        let many: Vec<String> = (0..101).map(|number| format!("\"{number}\":0")).collect();
        let many = format!("{{{}}}", many.join(","));
        assert!(matches!(Envelope::read(many.as_bytes()), Err(Malformed::Json(_))));
        assert!(matches!(Envelope::read(b"{\"a\":\"\xff\"}"), Err(Malformed::Json(_))));
    }
}
