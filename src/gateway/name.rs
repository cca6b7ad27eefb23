//! The one name of a model behind its many spellings.
//!
//! The same model is `claude-haiku-4-5-20251001` to Anthropic,
//! `us.anthropic.claude-haiku-4-5-20251001-v1:0` to Bedrock and `claude-haiku-4-5@20251001` to Vertex AI.
//! A configuration speaks of it once, as `claude-haiku-4-5`.

/// A model's name without geography, vendor, date and version of the interface. What is no spelling
/// of a Claude model, such as an ARN or an alias, stays as it is.
pub(super) fn family(spelled: &str) -> &str {
    const GEOGRAPHIES: [&str; 7] = ["us-gov.", "us.", "eu.", "apac.", "jp.", "au.", "global."];
    if spelled.starts_with("arn:") {
        return spelled;
    }
    let geography = GEOGRAPHIES.iter().find_map(|prefix| spelled.strip_prefix(prefix));
    let name = geography.unwrap_or(spelled);
    let name = name.strip_prefix("anthropic.").unwrap_or(name);
    if !name.starts_with("claude-") {
        return spelled;
    }
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let name = without_interface(name);
    match name.rsplit_once('-') {
        Some((rest, date)) if date.len() == 8 && digits(date) => rest,
        _ => name,
    }
}

/// Without `-v1` or `-v1:0`.
fn without_interface(name: &str) -> &str {
    let bare = match name.rsplit_once(':') {
        Some((bare, minor)) if digits(minor) => bare,
        Some(_) => return name,
        None => name,
    };
    match bare.rsplit_once("-v") {
        Some((rest, major)) if digits(major) => rest,
        _ => name,
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_model_is_one_name() {
        for (spelled, name) in [
            ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
            ("anthropic.claude-haiku-4-5", "claude-haiku-4-5"),
            ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
            ("us-gov.anthropic.claude-opus-4-8", "claude-opus-4-8"),
            ("us.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
            ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"),
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"),
            ("global.anthropic.claude-opus-5-5", "claude-opus-5-5"),
            ("claude-opus-5-5", "claude-opus-5-5"),
            ("claude-opus-5@default", "claude-opus-5"),
        ] {
            assert_eq!(family(spelled), name, "{spelled}");
        }
    }

    #[test]
    fn what_is_no_spelling_stays() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
        for other in [arn, "fast", "us.amazon.nova-pro-v1:0", "", "claude", "us.anthropic."] {
            assert_eq!(family(other), other);
        }
    }
}
