//! What the questions of both clouds have in common: lines that are read, lists, models.

use std::{fmt::Display, str::FromStr};

use super::answers::{NONE, arrange};
use crate::{
    error::{Error, Kind, Result},
    ui::Ui,
};

/// One of the ids that are offered, with what is said of each, or another one. `now` is offered in
/// any case.
pub(super) fn one_of<T>(
    ui: &Ui,
    question: &str,
    offered: &[(String, String)],
    now: &T,
    other: &str,
) -> Result<T>
where
    T: FromStr<Err: Display> + AsRef<str>,
{
    let now = now.as_ref();
    let mut ids: Vec<&str> = offered.iter().map(|(id, _)| id.as_str()).collect();
    let mut items: Vec<String> = offered.iter().map(|(id, name)| label(id, name)).collect();
    if !ids.contains(&now) {
        ids.insert(0, now);
        items.insert(0, now.to_owned());
    }
    items.push("another one".into());
    let at = ids.iter().position(|id| *id == now).unwrap_or_default();
    let chosen = ui.choose(question, &items, at)?;
    match ids.get(chosen) {
        Some(id) => read(id),
        None => read(&ui.type_in(other, now, &checked::<T>)?),
    }
}

/// A list on one line, divided by spaces or commas. What is shown may hide a secret, so that an
/// unchanged answer leaves the list alone.
pub(super) fn many<T>(ui: &Ui, question: &str, list: &mut Vec<T>) -> Result<()>
where
    T: FromStr<Err: Display> + ToString + PartialEq,
{
    let shown: Vec<String> = list.iter().map(ToString::to_string).collect();
    let shown = if shown.is_empty() { NONE.to_owned() } else { shown.join(" ") };
    let pieces = |text: &str| -> Vec<String> {
        let pieces = text.split([' ', ',', '\t']).filter(|piece| !piece.is_empty());
        pieces.filter(|piece| *piece != NONE).map(ToOwned::to_owned).collect()
    };
    let known = |piece: &str| list.iter().position(|item| item.to_string() == piece);
    let check = |text: &str| {
        let mut wrong = pieces(text).into_iter().filter(|piece| known(piece).is_none());
        wrong.try_for_each(|piece| {
            checked::<T>(&piece).map_err(|problem| format!("`{piece}` {problem}"))
        })
    };
    let typed = ui.type_in(question, &shown, &check)?;
    if typed == shown {
        return Ok(());
    }
    let pieces = pieces(&typed);
    let stays: Vec<bool> = list.iter().map(|item| pieces.contains(&item.to_string())).collect();
    let new: Vec<&String> = pieces.iter().filter(|piece| known(piece).is_none()).collect();
    let new: Vec<T> = new.into_iter().map(|piece| read(piece)).collect::<Result<_>>()?;
    let mut stays = stays.into_iter();
    list.retain(|_| stays.next().unwrap_or(false));
    let old = std::mem::take(list);
    arrange(list, old.into_iter().chain(new).collect());
    Ok(())
}

/// A value, or none.
pub(super) fn perhaps<T>(ui: &Ui, question: &str, now: Option<&T>) -> Result<Option<T>>
where
    T: FromStr<Err: Display> + ToString,
{
    let now = now.map_or(NONE.into(), ToString::to_string);
    let typed = ui.type_in(question, &now, &|text| none_or(text, &checked::<T>))?;
    if typed == NONE { Ok(None) } else { read(&typed).map(Some) }
}

/// An id and, perhaps, a name.
pub(super) fn label(id: &str, name: &str) -> String {
    if name.is_empty() { id.to_owned() } else { format!("{id}  {name}") }
}

pub(super) fn checked<T: FromStr<Err: Display>>(text: &str) -> Result<(), String> {
    text.parse::<T>().map(drop).map_err(|invalid| invalid.to_string())
}

pub(super) fn none_or(
    text: &str,
    check: &dyn Fn(&str) -> Result<(), String>,
) -> Result<(), String> {
    if text == NONE { Ok(()) } else { check(text) }
}

pub(super) fn read<T: FromStr<Err: Display>>(text: &str) -> Result<T> {
    text.parse().map_err(|invalid: T::Err| Error::new(Kind::Config, format!("`{text}` {invalid}")))
}
