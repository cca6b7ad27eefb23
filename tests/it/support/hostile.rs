//! Values that try to be more than a value: the same thousand in every run.

use groundwork::claude::Environment;

const SEED: u64 = 0x0047_726f_756e_6477;
const COUNT: usize = 1000;

/// What has a meaning to some reader, or tries to run something.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "`",
    "\\",
    "$",
    "%",
    "^",
    "&",
    "!",
    "#",
    "~",
    "-",
    "=",
    ";",
    "|",
    "<",
    ">",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "*",
    "?",
    ",",
    ":",
    "@",
    "+",
    "/",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "''",
    "\"\"",
    "\\'",
    "\\\"",
    "'\\''",
    "\\\n",
    "^\n",
    "!!",
    "%%",
    "<<",
    "&&",
    "||",
    ">>",
    "$(touch broken)",
    "`touch broken`",
    "'; touch broken; '",
    "\"; touch broken; \"",
    "\n touch broken\n",
    "' | touch broken #",
    "${IFS}",
    "${HOME:-x}",
    "$HOME",
    "%PATH%",
    "!PATH!",
    "$env:PATH",
    "'; ni broken; '",
    "\u{2019}; ni broken; \u{2019}",
    "\" & copy nul broken & \"",
    "(touch broken)",
    "\ntouch broken",
    "EOF",
    "GROUNDWORK_END",
    "\nGROUNDWORK_END\n",
    "\nA=b",
    "GITHUB_ENV<<EOF",
    "::add-mask::x",
    "---",
    "...",
    "\n---\n",
    ": ",
    " #",
    "!!str x",
    "null",
    "yes",
    "0x1f",
    "1e3",
    "\u{1}",
    "\u{7}",
    "\u{8}",
    "\u{b}",
    "\u{c}",
    "\u{1a}",
    "\u{1b}[31m",
    "\u{1b}]0;x\u{7}",
    "\u{7f}",
    "\u{85}",
    "\u{9b}",
    "\u{a0}",
    "é",
    "ß",
    "日本",
    "\u{1f600}",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "e\u{301}",
    "\u{5d0}\u{202e}abc",
    "\u{2066}",
    "\u{200b}",
    "\u{200e}",
    "\u{2018}",
    "\u{2019}",
    "\u{201a}",
    "\u{201b}",
    "\u{201c}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{fffd}",
    "\u{fdd0}",
    "\u{f600}",
    "\u{f8ff}",
    "\u{ffff}",
    "\u{10ffff}",
    "ђ",
    "plain",
    "us.anthropic.claude-opus-5-5",
    "http://user:p%40ss@proxy:8080",
    "--help",
    "-n",
    "~root",
    "~/x",
    "=ls",
    "*",
    "a b",
    "C:\\Users\\x\\",
    "\\\\host\\share",
    "touch",
    "exit 1",
];

/// Values one by one, and then what is made of their pieces: short, and now and then very long.
pub fn values() -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut values = vec![String::new()];
    values.extend(PIECES.iter().map(|piece| (*piece).to_owned()));
    // Nearly all that a process can be given in one variable.
    values.push("x'\n$".repeat(30_000));
    while values.len() < COUNT {
        let pieces = match values.len() {
            number if number % 100 == 0 => 2000,
            number if number % 10 == 0 => 60,
            _ => random.usize(2..9),
        };
        let mut value = String::new();
        for _ in 0..pieces {
            match random.u8(0..10) {
                0 => value.push(random.char('\u{1}'..='\u{10ffff}')),
                1 => value.push(random.char('\u{1}'..='\u{ff}')),
                2 => value.extend(std::iter::repeat_n(random.char(' '..='~'), random.usize(1..4))),
                _ => value.push_str(PIECES[random.usize(..PIECES.len())]),
            }
        }
        values.push(value);
    }
    values
}

/// The name of the value with this number.
pub fn name(number: usize) -> String {
    format!("V_{number:04}")
}

/// An environment of these values, under [`name`].
pub fn environment(values: &[String]) -> Environment {
    let mut all = Environment::default();
    for (number, value) in values.iter().enumerate() {
        all.set_named(&name(number), value.as_str(), false);
    }
    all
}

/// Compares what was read, in order, with what was written, and shows where they differ.
pub fn assert_same(reader: &str, read: &[(String, String)], written: &[(String, String)]) {
    for (read, written) in read.iter().zip(written) {
        assert_eq!(read.0, written.0, "{reader}: a name or the order");
        let (value, wanted) = (read.1.escape_default(), written.1.escape_default());
        assert!(read.1 == written.1, "{reader}: {}: read {value}, written {wanted}", written.0);
    }
    assert_eq!(read.len(), written.len(), "{reader}: how many");
}
