//! What a page says, without its markup: proxies explain themselves in HTML.

/// The title of a page, if it is one.
pub(super) fn title(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let lower = text.to_ascii_lowercase();
    if !lower.contains("<html") && !lower.contains("<!doctype html") {
        return None;
    }
    let title = inner(&text, &lower, "title").filter(|title| !title.is_empty());
    Some(title.or_else(|| inner(&text, &lower, "h1")).unwrap_or_default())
}

/// The words of a body: a page's title and its first words, or the text as it is.
pub(super) fn text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let lower = text.to_ascii_lowercase();
    let Some(title) = title(body) else { return strip(&text) };
    let words = inner(&text, &lower, "body").unwrap_or_default();
    match (title.is_empty(), words.strip_prefix(&title)) {
        (true, _) => words,
        (false, Some(rest)) => format!("{title} {}", rest.trim_start()).trim_end().to_owned(),
        (false, None) if words.is_empty() => title,
        (false, None) => format!("{title}: {words}"),
    }
}

/// What is within the first element of this name. `lower` is the text in lower case, as long.
fn inner(text: &str, lower: &str, name: &str) -> Option<String> {
    let begin = lower.find(&format!("<{name}"))?;
    let begin = begin + lower.get(begin..)?.find('>')? + 1;
    let rest = lower.get(begin..)?;
    let end = begin + rest.find(&format!("</{name}")).unwrap_or(rest.len());
    text.get(begin..end).map(strip)
}

/// Without elements, scripts and styles, and with the usual entities as characters.
fn strip(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        words.push_str(before);
        words.push(' ');
        let hidden = ["script", "style"].into_iter().find(|name| {
            after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
        let after = match hidden {
            Some(name) => {
                let end = after.to_ascii_lowercase().find(&format!("</{name}"));
                end.and_then(|end| after.get(end..)).unwrap_or_default()
            }
            None => after,
        };
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    let entities = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    for (entity, character) in entities {
        words = words.replace(entity, character);
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!DOCTYPE html><HTML><head><title>Access\n Denied</title>\
        <style>p { color: red }</style></head>\
        <body><script>alert(1)</script><h1>Access Denied</h1><p>Category: AI &amp; Chat</p></body>";

    #[test]
    fn a_page_is_its_title_and_its_words() {
        assert_eq!(title(PAGE.as_bytes()).as_deref(), Some("Access Denied"));
        assert_eq!(text(PAGE.as_bytes()), "Access Denied Category: AI & Chat");
        assert_eq!(title(b"{\"message\": \"no\"}"), None);
        assert_eq!(text(b"blocked by policy\r\n"), "blocked by policy");
        assert_eq!(text(b"<html><title>No"), "No");
        assert_eq!(text("<html>\u{130}<title>\u{e9}</title>".as_bytes()), "\u{e9}");
    }
}
