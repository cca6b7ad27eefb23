//! What else is read beside or before a settings file, as far as this machine shows it.
//!
//! Of managed settings the first source that says anything hides the others: what a server sends,
//! which never happens in a cloud; device management; the files. The files are joined: of single
//! values the last one wins, lists are united (facts 8).

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    Platform,
    place::{BASE_FILE, DROP_IN_FOLDER},
};

/// Another file that the client reads, too.
#[derive(Debug, PartialEq, Eq)]
pub struct Other {
    pub path: PathBuf,
    pub what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// It is no JSON object, so the client does not start.
    Broken,
    /// It says otherwise, of these keys.
    Differs(Vec<String>),
}

/// The files that are read together with a drop-in that says `ours`, if they are broken or keep it
/// from counting. None, if the file is not in a folder of drop-ins.
pub fn beside(file: &Path, ours: &Value) -> Vec<Other> {
    let Some(folder) = file.parent().filter(|folder| folder.ends_with(DROP_IN_FOLDER)) else {
        return Vec::new();
    };
    let managed = folder.parent().unwrap_or(Path::new(""));
    let all = files(managed).into_iter().filter(|other| *other != file);
    all.filter_map(|path| {
        // Names are compared as the client sorts them.
        let later = path.parent() == file.parent() && path.file_name() > file.file_name();
        look(path, ours, later)
    })
    .collect()
}

/// The managed settings of this machine that win over a user's file that says `ours`.
pub fn above(managed: &Path, ours: &Value) -> Vec<Other> {
    files(managed).into_iter().filter_map(|path| look(path, ours, true)).collect()
}

/// Settings that device management gives this machine, which hide the files; by their place.
pub fn device_management() -> Option<String> {
    match Platform::here() {
        Platform::MacOs => {
            let profile = "/Library/Managed Preferences/com.anthropic.claudecode.plist";
            Path::new(profile).exists().then(|| profile.to_owned())
        }
        Platform::Windows => {
            let key = r"HKLM\SOFTWARE\Policies\ClaudeCode";
            let query =
                std::process::Command::new("reg").args(["query", key, "/v", "Settings"]).output();
            query.is_ok_and(|query| query.status.success()).then(|| key.to_owned())
        }
        // There is none.
        Platform::Linux => None,
    }
}

/// The base file and the drop-ins, in the order in which they are read.
fn files(managed: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(managed.join(DROP_IN_FOLDER)).into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    all.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && path.extension().is_some_and(|it| it == "json") && path.is_file()
    });
    all.sort();
    let base = managed.join(BASE_FILE);
    if base.is_file() {
        all.insert(0, base);
    }
    all
}

fn look(path: PathBuf, ours: &Value, wins: bool) -> Option<Other> {
    // What cannot be read here may well be read by the client: nothing is said of it.
    let text = fs::read(&path).ok()?;
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
    if text.trim_ascii().is_empty() {
        return None;
    }
    let Ok(theirs @ Value::Object(_)) = serde_json::from_slice::<Value>(text) else {
        return Some(Other { path, what: What::Broken });
    };
    let mut keys = Vec::new();
    differing("", ours, &theirs, wins, &mut keys);
    (!keys.is_empty()).then_some(Other { path, what: What::Differs(keys) })
}

fn differing(at: &str, ours: &Value, theirs: &Value, wins: bool, keys: &mut Vec<String>) {
    let (Some(our), Some(their)) = (ours.as_object(), theirs.as_object()) else { return };
    for (name, ours) in our {
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        match their.get(name) {
            // It says what a file is, and to nobody but people.
            _ if path == super::managed::MARK => {}
            Some(theirs) if theirs.is_object() && ours.is_object() => {
                differing(&path, ours, theirs, wins, keys);
            }
            Some(theirs) if theirs != ours && (wins || theirs.is_array()) => keys.push(path),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_broken_comes_later_or_adds_to_a_list_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let drop_ins = folder.path().join(DROP_IN_FOLDER);
        fs::create_dir(&drop_ins).unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put(BASE_FILE, r#"{"model": "theirs", "availableModels": ["x"], "env": {"A": "0"}}"#);
        put("managed-settings.d/10-broken.json", "{\"model\": }");
        put("managed-settings.d/20-list.json", "[]");
        put("managed-settings.d/30-blank.json", "\u{feff} \n");
        put("managed-settings.d/60-later.json", "\u{feff}{\"env\": {\"A\": \"0\", \"B\": \"2\"}}");
        put("managed-settings.d/.hidden.json", "{");
        put("managed-settings.d/note.txt", "{");
        let file = drop_ins.join("50-groundwork.json");
        let ours = json!({"env": {"A": "1", "B": "2"}, "model": "m", "availableModels": ["m"]});
        put("managed-settings.d/50-groundwork.json", &ours.to_string());
        let told = |others: Vec<Other>| {
            let name = |other: &Other| other.path.file_name().unwrap().display().to_string();
            others.into_iter().map(|other| (name(&other), other.what)).collect::<Vec<_>>()
        };
        let differs =
            |keys: &[&str]| What::Differs(keys.iter().map(|key| (*key).to_owned()).collect());
        assert_eq!(
            told(beside(&file, &ours)),
            [
                (BASE_FILE.to_owned(), differs(&["availableModels"])),
                ("10-broken.json".to_owned(), What::Broken),
                ("20-list.json".to_owned(), What::Broken),
                ("60-later.json".to_owned(), differs(&["env.A"])),
            ]
        );
        assert_eq!(beside(&folder.path().join("50-groundwork.json"), &ours), []);
        let above = told(above(folder.path(), &json!({"env": {"A": "1"}})));
        assert_eq!(above.len(), 4);
        assert_eq!(above[0], (BASE_FILE.to_owned(), differs(&["env.A"])));
    }
}
