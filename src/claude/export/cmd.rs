//! A batch file for cmd, to be called: `groundwork env --shell cmd --write=env.cmd`, `call env.cmd`.
//!
//! A file, and not lines for `for /f`, since a percent sign must be doubled in the one and must not
//! be in the other. In `for /f ... do @%i` each line fails at its own `@`, rather than mean something
//! else.

use std::fmt::Write as _;

use super::{Change, unwritable};
use crate::error::{Error, Result};

/// UTF-16 units that cmd takes in one line.
const LINE: usize = 8191;

/// Whatever is in the code page of the console, the file is in UTF-8: so cmd is told, for as long as
/// it reads, in the way that Python's own `activate.bat` does.
const UTF_8: &str = "\
@for /f \"tokens=2 delims=:.\" %%a in ('\"%SystemRoot%\\System32\\chcp.com\"') do @set \"_GROUNDWORK_CODE_PAGE=%%a\"
@\"%SystemRoot%\\System32\\chcp.com\" 65001 >nul
";
const CODE_PAGE: &str = "\
@if defined _GROUNDWORK_CODE_PAGE \"%SystemRoot%\\System32\\chcp.com\" %_GROUNDWORK_CODE_PAGE% >nul
@set \"_GROUNDWORK_CODE_PAGE=\"
";

/// Where variables are expanded late, an exclamation mark begins one, and a caret is lost beside it.
const NO_LATE_EXPANSION: &str = "\
@if \"!!\"==\"\" echo error: call this without delayed expansion, cmd /v:off>&2& exit /b 1
";

pub(super) fn write(change: &Change<'_>) -> Result<String> {
    let mut lines = String::new();
    // Writing to a string cannot fail.
    for name in change.cleared() {
        let _ = writeln!(lines, "@set \"{name}=\"");
    }
    for entry in &change.set {
        let line = format!("@set {}", assignment(entry.name, entry.value)?);
        if line.encode_utf16().count() > LINE {
            return Err(refused(entry.name, "it is too long for a line of cmd"));
        }
        let _ = writeln!(lines, "{line}");
    }
    let any = |odd: fn(char) -> bool| change.set.iter().any(|entry| entry.value.contains(odd));
    let mut text = String::new();
    if any(|c| c == '!') {
        text.push_str(NO_LATE_EXPANSION);
    }
    if any(|c| !c.is_ascii()) {
        text.extend([UTF_8, &lines, CODE_PAGE]);
    } else {
        text.push_str(&lines);
    }
    Ok(text.replace('\n', "\r\n"))
}

/// What `set` is given. In quotes only the percent sign has a meaning. A quote would end them, so a
/// value that has one is written without any that count, each sign with a meaning after a caret.
fn assignment(name: &str, value: &str) -> Result<String> {
    if value.contains(['\n', '\r']) {
        return Err(refused(name, "it holds a line break"));
    }
    if value.contains(|c: char| c.is_control() && c != '\t') {
        return Err(refused(name, "it holds a control character"));
    }
    let value = value.replace('%', "%%");
    if !value.contains('"') {
        return Ok(format!("\"{name}={value}\""));
    }
    let mut escaped = String::new();
    for c in value.chars() {
        if "\"^&|<>()".contains(c) {
            escaped.push('^');
        }
        escaped.push(c);
    }
    Ok(format!("^\"{name}={escaped}^\""))
}

fn refused(name: &str, why: &str) -> Error {
    unwritable(name, "for cmd", why).hint("PowerShell can take it: --shell powershell")
}
