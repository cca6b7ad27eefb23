//! New members, at the end of their object, in the way in which the file is written.

use jsonc_parser::{ast::ObjectProp, common::Ranged};

use super::{
    Splices,
    document::{Object, Piece, PieceKind, has_break},
};

/// Puts a member into an object that has none of its name. `value` is JSON.
pub(super) fn splices(object: Object<'_>, name: &str, value: &str) -> Splices {
    let name = serde_json::Value::from(name);
    let member = format!("{name}{}{value}", colon(object));
    match object.members().last() {
        Some(last) => behind(object, last, &member),
        None => into_empty(object, &member),
    }
}

/// Behind the last member, and the remarks that follow it.
fn behind(object: Object<'_>, last: &ObjectProp<'_>, member: &str) -> Splices {
    let document = object.document;
    let pieces = object.pieces();
    let after: Vec<&Piece> = pieces.iter().filter(|piece| piece.start >= last.end()).collect();
    let at = after.last().map_or(last.end(), |piece| piece.end);
    let has_comma = after.iter().any(|piece| piece.kind == PieceKind::Comma);
    let remark = after.last().is_some_and(|piece| piece.kind != PieceKind::Comma);
    let between = if object.many_lines() {
        format!("{}{}", document.newline(), member_indent(object))
    } else if remark || blank_behind_comma(object, &pieces) {
        " ".to_owned()
    } else {
        String::new()
    };
    // A file that ends its lists with commas goes on to.
    let end = if has_comma { "," } else { "" };
    let mut splices = vec![(at..at, format!("{between}{member}{end}"))];
    if !has_comma {
        splices.insert(0, (last.end()..last.end(), ",".to_owned()));
    }
    splices
}

/// Into an object without members.
fn into_empty(object: Object<'_>, member: &str) -> Splices {
    let document = object.document;
    let (first, last) = (object.start() + 1, object.end() - 1);
    let newline = document.newline();
    let around = around(object);
    if let Some(remark) = object.pieces().last() {
        let between = if object.many_lines() {
            format!("{newline}{}", member_indent(object))
        } else {
            " ".to_owned()
        };
        return vec![(remark.end..remark.end, format!("{between}{member}"))];
    }
    if has_break(document.slice(first, last)) {
        return vec![(first..first, format!("{newline}{}{member}", member_indent(object)))];
    }
    if let Some(outer) = around.filter(|outer| !outer.many_lines()) {
        let blank = document.slice(outer.start() + 1, outer.start() + 2).trim().is_empty();
        let blank = if blank { " " } else { "" };
        return vec![(first..last, format!("{blank}{member}{blank}"))];
    }
    let (deep, shallow) = (member_indent(object), object_indent(object));
    vec![(first..last, format!("{newline}{deep}{member}{newline}{shallow}"))]
}

/// The object around this one.
fn around(object: Object<'_>) -> Option<Object<'_>> {
    let document = object.document;
    let holder = object.holder()?;
    let mut outer = document.root().ok().flatten()?;
    loop {
        let next = outer
            .members()
            .iter()
            .find(|member| member.start() <= holder.start() && holder.end() <= member.end())?;
        if next.start() == holder.start() {
            return Some(outer);
        }
        outer = outer.within(next).ok()?;
    }
}

/// What stands between a name and its value, as it does in a member that is there.
fn colon(object: Object<'_>) -> &str {
    let model = object.members().last().or(object.holder());
    let written =
        model.map(|member| object.document.slice(member.name.end(), member.value.start()));
    written.filter(|text| text.trim_matches([' ', '\t']) == ":").unwrap_or(": ")
}

/// Whether members on one line have a blank between them.
fn blank_behind_comma(object: Object<'_>, pieces: &[Piece]) -> bool {
    let document = object.document;
    match pieces.iter().find(|piece| piece.kind == PieceKind::Comma) {
        Some(comma) if !document.slice(comma.end, object.end() - 1).trim().is_empty() => {
            document.slice(comma.end, comma.end + 1) == " "
        }
        _ => colon(object).ends_with(' '),
    }
}

/// How far in the members of an object are.
fn member_indent(object: Object<'_>) -> String {
    let document = object.document;
    let members = object.members().iter().rev().map(Ranged::start);
    let remarks = object.pieces().into_iter().rev().map(|piece| piece.start);
    for start in members.chain(remarks) {
        let line = document.line_start(start);
        let indent = document.indent(line);
        if line > object.start() && line + indent.len() == start {
            return indent.to_owned();
        }
    }
    format!("{}{}", object_indent(object), document.unit())
}

/// How far in the line is on which an object begins.
fn object_indent(object: Object<'_>) -> &str {
    let document = object.document;
    document.indent(document.line_start(object.start()))
}
