//! Members that go, and nothing with them but their comma, their line and the remark behind them.

use std::ops::Range;

use jsonc_parser::{ast::ObjectProp, common::Ranged};

use super::{
    Splices,
    document::{Object, Piece, PieceKind},
};

/// Takes the member of this name out of the last of these objects, each of which is in the one
/// before it; `None` if there is none. Of members with one name each goes in a step of its own.
pub(super) fn splices(chain: &[Object<'_>], name: &str) -> Option<Splices> {
    let (object, outer) = chain.split_last()?;
    let member = object.member(name)?;
    // An object that would be empty goes itself, unless one that did not count would count then.
    if let (Some(holder), Some(around)) = (object.holder(), outer.last()) {
        let holder_name = holder.name.as_str();
        let alone = object.members().len() == 1
            && object.pieces().iter().all(|piece| piece.kind == PieceKind::Comma)
            && around.named(holder_name).count() == 1;
        if alone {
            return splices(outer, holder_name);
        }
    }
    Some(of_member(*object, member))
}

fn of_member(object: Object<'_>, member: &ObjectProp<'_>) -> Splices {
    let document = object.document;
    let pieces = object.pieces();
    let only_commas = pieces.iter().all(|piece| piece.kind == PieceKind::Comma);
    if object.members().len() == 1 && only_commas {
        return vec![(object.start() + 1..object.end() - 1, String::new())];
    }
    let next = object.members().iter().find(|other| other.start() >= member.end());
    let until = next.map_or(object.end() - 1, Ranged::start);
    let comma = pieces.iter().find(|piece| {
        piece.kind == PieceKind::Comma && (member.end()..until).contains(&piece.start)
    });
    let mut splices = Splices::new();
    // The comma before it would be one that nothing follows.
    if next.is_none() && comma.is_none() {
        let before = pieces.iter().filter(|piece| piece.end <= member.start());
        let before = before.rev().find(|piece| piece.kind == PieceKind::Comma);
        splices.extend(before.map(|comma| (comma.start..comma.end, String::new())));
    }
    let end = comma.map_or(member.end(), |comma| comma.end);
    if let Some(lines) = own_lines(object, member, end, &pieces) {
        splices.push((lines, String::new()));
        return splices;
    }
    let before = before(object, member, &pieces);
    let behind = document.slice(end, until);
    let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    let gap = document.slice(end + blanks, until);
    let (start, blanks) = if next.is_none() || gap.starts_with(['\n', '\r']) {
        (before, 0)
    } else {
        (member.start(), blanks)
    };
    match comma {
        // A remark between the two stays.
        Some(comma) if !document.slice(member.end(), comma.start).trim().is_empty() => {
            splices.push((start..member.end(), String::new()));
            splices.push((comma.start..comma.end, String::new()));
        }
        _ => splices.push((start..end + blanks, String::new())),
    }
    splices
}

/// The whole lines of a member, if nothing else is on them but remarks behind it.
fn own_lines(
    object: Object<'_>,
    member: &ObjectProp<'_>,
    end: usize,
    pieces: &[Piece],
) -> Option<Range<usize>> {
    let document = object.document;
    let start = document.line_start(member.start());
    if start <= object.start() || !document.slice(start, member.start()).trim().is_empty() {
        return None;
    }
    let mut at = end;
    loop {
        let rest = document.slice(at, object.end() - 1);
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        at += blanks;
        let rest = document.slice(at, object.end() - 1);
        if let Some(line_break) = ["\r\n", "\n", "\r"].into_iter().find(|b| rest.starts_with(b)) {
            return Some(start..at + line_break.len());
        }
        at = pieces.iter().find(|piece| piece.start == at)?.end;
    }
}

/// Where a member begins with the blanks before it, which a remark that needs its line break keeps.
fn before(object: Object<'_>, member: &ObjectProp<'_>, pieces: &[Piece]) -> usize {
    let piece = pieces.iter().rev().find(|piece| piece.end <= member.start());
    let others = object.members().iter().rev().find(|other| other.end() <= member.start());
    let least = others.map_or(object.start() + 1, Ranged::end);
    match piece.filter(|piece| piece.end >= least) {
        Some(piece) if piece.kind == PieceKind::LineRemark => member.start(),
        Some(piece) => piece.end,
        None => least,
    }
}
