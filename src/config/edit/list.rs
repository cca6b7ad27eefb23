//! Items that come and go, each on its own: the others keep their line, their quotes and remarks.

use super::{
    Splices,
    scan::{self, Spot},
    write,
};

/// Turns a list with the items `old` into one with the items `new`.
pub(super) fn splices(
    text: &str,
    spot: &Spot<'_>,
    old: &[String],
    new: &[String],
) -> Option<Splices> {
    let items = scan::items(text, spot, old.len())?;
    let stays = |item: &String| new.contains(item);
    let added: Vec<String> = new
        .iter()
        .filter(|item| !old.contains(item))
        .map(|item| write::scalar(item, None))
        .collect();
    if let Some(start) = spot.inline {
        let end = scan::inline_end(text, start, spot.flow)?;
        let kept: Option<Vec<(usize, usize)>> = items
            .iter()
            .zip(old)
            .filter(|(_, item)| stays(item))
            .map(|(at, _)| Some((*at, scan::inline_end(text, *at, true)?)))
            .collect();
        return brackets(text, start..end, old.len(), &kept?, added);
    }
    let lines = items.iter().zip(old).map(|(at, item)| (*at, stays(item)));
    block(text, spot, &lines.collect::<Vec<_>>(), &added)
}

/// A list in brackets. `kept` are the pieces of the items that stay.
fn brackets(
    text: &str,
    whole: std::ops::Range<usize>,
    count: usize,
    kept: &[(usize, usize)],
    added: Vec<String>,
) -> Option<Splices> {
    if let (Some((_, end)), true) = (kept.last(), kept.len() == count) {
        let added: Vec<String> = added.iter().map(|item| format!(", {item}")).collect();
        return Some(vec![(*end..*end, added.concat())]);
    }
    // A remark within would be lost.
    if text.get(whole.clone())?.contains('#') {
        return None;
    }
    let words: Option<Vec<String>> =
        kept.iter().map(|(start, end)| text.get(*start..*end).map(ToOwned::to_owned)).collect();
    let words: Vec<String> = words?.into_iter().chain(added).collect();
    Some(vec![(whole, format!("[{}]", words.join(", ")))])
}

/// A list with a line for each item, and whether it stays.
fn block(
    text: &str,
    spot: &Spot<'_>,
    items: &[(usize, bool)],
    added: &[String],
) -> Option<Splices> {
    let newline = scan::newline(text);
    let mut splices = Splices::new();
    let (last, _) = items.last()?;
    let start = scan::line_start(text, *last);
    let dash = text.get(start..*last)?;
    if items.iter().all(|(_, stays)| !stays) && added.is_empty() {
        splices.push((spot.colon..spot.colon, " []".into()));
    }
    for (at, stays) in items {
        let start = scan::line_start(text, *at);
        if text.get(start..*at)?.trim() != "-" {
            return None;
        }
        if !stays {
            splices.push((start..scan::line_end(text, *at), String::new()));
        }
    }
    let end = scan::line_end(text, *last);
    let ended = text.get(..end)?.ends_with('\n');
    let lines: Vec<String> = added
        .iter()
        .map(|item| {
            if ended { format!("{dash}{item}{newline}") } else { format!("{newline}{dash}{item}") }
        })
        .collect();
    splices.push((end..end, lines.concat()));
    Some(splices)
}
