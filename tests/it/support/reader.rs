//! Readers of what `env` writes, where the real ones are not to be had on every machine: each from its
//! documented grammar alone, knowing nothing of how we write.
//!
//! They panic at whatever would be more than a value.

pub type Pairs = Vec<(String, String)>;

/// What PowerShell makes of the output of a program: it takes it apart at line breaks first, and in a
/// string any of its five quotes ends it.
pub mod powershell {
    use super::Pairs;

    const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

    pub fn read(output: &str) -> Pairs {
        output.lines().flat_map(|line| line.split('\r')).map(statement).collect()
    }

    fn statement(line: &str) -> (String, String) {
        let rest = line.strip_prefix("$env:").unwrap_or_else(|| panic!("a command: {line}"));
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let (name, rest) = rest.split_at(rest.find(|c| !word(c)).unwrap());
        let mut rest = rest.strip_prefix(" = ").expect("an assignment");
        if rest == "$null" {
            return (name.to_owned(), String::new());
        }
        let list = rest.strip_prefix("-join (");
        let mut units = Vec::new();
        rest = term(list.unwrap_or(rest), &mut units);
        if list.is_some() {
            while let Some(next) = rest.strip_prefix(',') {
                rest = term(next, &mut units);
            }
            rest = rest.strip_prefix(')').unwrap_or_else(|| panic!("no end of the list: {rest}"));
        }
        assert_eq!(rest, "", "a command");
        (name.to_owned(), String::from_utf16(&units).unwrap())
    }

    /// A string, or a character. Gives what follows it.
    fn term<'a>(text: &'a str, units: &mut Vec<u16>) -> &'a str {
        if let Some(number) = text.strip_prefix("[char]0x") {
            let end = number.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(number.len());
            units.push(u16::from_str_radix(&number[..end], 16).unwrap());
            return &number[end..];
        }
        let mut rest = text.strip_prefix(QUOTES).unwrap_or_else(|| panic!("no string: {text}"));
        loop {
            let (piece, after) = rest.split_once(QUOTES).expect("an end of the string");
            units.extend(piece.encode_utf16());
            if !after.starts_with(QUOTES) {
                return after;
            }
            let mut doubled = after.chars();
            units.extend(
                doubled
                    .next()
                    .into_iter()
                    .flat_map(|quote| quote.encode_utf16(&mut [0; 2]).to_vec()),
            );
            rest = doubled.as_str();
        }
    }
}

/// What cmd makes of a batch file: percent signs first, then carets, quotes and operators, and last what
/// `set` does with the rest of its line.
pub mod cmd {
    use super::Pairs;

    /// With delayed expansion a file may only end, rather than read something else.
    pub fn read(file: &str, delayed: bool) -> Pairs {
        let mut pairs = Pairs::new();
        let mut utf_8 = false;
        for line in file.split('\n').filter(|line| !line.is_empty()) {
            let line = line.strip_suffix('\r').expect("a line ends with both");
            assert!(!line.contains('\r'));
            assert!(line.encode_utf16().count() <= 8191, "a line is too long");
            assert!(utf_8 || line.is_ascii(), "the code page is not known: {line}");
            if line.starts_with("@if \"!!\"==\"\" ") && line.ends_with("& exit /b 1") {
                if delayed {
                    return pairs;
                }
            } else if line.ends_with("chcp.com\" 65001 >nul") {
                utf_8 = true;
            } else if line.ends_with("chcp.com\" %_GROUNDWORK_CODE_PAGE% >nul") {
                utf_8 = false;
            } else if !line.contains("_GROUNDWORK_CODE_PAGE") {
                let rest =
                    line.strip_prefix("@set ").unwrap_or_else(|| panic!("a command: {line}"));
                assert!(!delayed || !rest.contains('!'), "expanded late: {line}");
                pairs.push(set(&parsed(&expanded(rest))));
            }
        }
        assert!(!utf_8, "the code page stays changed");
        pairs
    }

    /// A percent sign that is not doubled begins a variable, or an argument of the file.
    fn expanded(line: &str) -> String {
        let pieces: Vec<&str> = line.split("%%").collect();
        assert!(pieces.iter().all(|piece| !piece.contains('%')), "a variable: {line}");
        pieces.join("%")
    }

    /// Outside quotes a caret makes the next sign a plain one, and operators end the command.
    fn parsed(line: &str) -> String {
        let (mut text, mut quoted) = (String::new(), false);
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => quoted = !quoted,
                '^' if !quoted => {
                    text.push(chars.next().expect("a line goes on after its end"));
                    continue;
                }
                '&' | '|' | '<' | '>' if !quoted => panic!("a command: {line}"),
                _ => {}
            }
            text.push(c);
        }
        text
    }

    /// From the first quote to the last one.
    fn set(rest: &str) -> (String, String) {
        let rest = rest.strip_prefix('"').expect("a quote");
        let (assignment, after) = rest.rsplit_once('"').expect("a quote");
        assert_eq!(after, "", "what follows is lost");
        let (name, value) = assignment.split_once('=').expect("an assignment");
        (name.to_owned(), value.to_owned())
    }
}

/// What the runner of GitHub Actions makes of the file that `GITHUB_ENV` names.
pub mod github {
    use super::Pairs;

    pub fn read(file: &str, windows: bool) -> Pairs {
        let mut pairs = Pairs::new();
        let mut rest = file;
        while let Some((line, _)) = line(&mut rest, windows) {
            if line.is_empty() {
                continue;
            }
            let heredoc = line.find("<<");
            match line.split_once('=') {
                Some((name, value)) if heredoc.is_none_or(|at| name.len() < at) => {
                    pairs.push((name.to_owned(), value.to_owned()));
                }
                _ => {
                    let (name, end) = line.split_once("<<").expect("neither form");
                    assert!(!name.is_empty() && !end.is_empty());
                    pairs.push((name.to_owned(), until(&mut rest, end, windows)));
                }
            }
        }
        pairs
    }

    fn until(rest: &mut &str, end: &str, windows: bool) -> String {
        let mut value = String::new();
        let mut before = "";
        loop {
            let (line, break_) = line(rest, windows).expect("no end of the value");
            if line == end {
                return value;
            }
            value.push_str(before);
            value.push_str(line);
            before = break_;
        }
    }

    fn line<'a>(rest: &mut &'a str, windows: bool) -> Option<(&'a str, &'a str)> {
        if rest.is_empty() {
            return None;
        }
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        *rest = after;
        match line.strip_suffix('\r').filter(|_| windows) {
            Some(line) => Some((line, "\r\n")),
            None => Some((line, "\n")),
        }
    }
}

/// What the Docker command line makes of a file for `--env-file`. There are versions that take a pair of
/// quotes off the value, and versions that do not.
pub mod docker {
    use super::Pairs;

    pub fn read(file: &str, unquotes: bool) -> Pairs {
        let mut pairs = Pairs::new();
        for (number, line) in file.split_terminator('\n').enumerate() {
            assert!(line.len() < 64 * 1024, "a line is too long");
            let line = line.strip_suffix('\r').unwrap_or(line);
            let line = if number == 0 { line.trim_start_matches('\u{feff}') } else { line };
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) =
                line.split_once('=').expect("a name alone takes the caller's value");
            assert!(!name.is_empty() && !name.contains([' ', '\t']));
            let bare = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
            let value = match bare('\'').or_else(|| bare('"')) {
                Some(bare) if unquotes => bare,
                _ => value,
            };
            pairs.push((name.to_owned(), value.to_owned()));
        }
        pairs
    }
}
