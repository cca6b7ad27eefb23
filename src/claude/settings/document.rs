//! A text of JSON with comments, as its parser reads it: where each member, comma and remark is.

use jsonc_parser::{
    CollectOptions, CommentCollectionStrategy, ParseOptions,
    ast::{self, ObjectProp},
    common::Ranged as _,
    parse_to_ast,
    tokens::{Token, TokenAndRange},
};
use serde_json::Value;

use super::Fault;

/// JSON, and besides only what editors and the client let pass: remarks, and commas at the end.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// A text that was understood.
pub(super) struct Document<'a> {
    pub text: &'a str,
    /// What the text says, but for its remarks. Of members with one name the last counts. Nothing
    /// at all says `null`.
    pub value: Value,
    root: Option<ast::Value<'a>>,
    tokens: Vec<TokenAndRange<'a>>,
}

/// An object in a document.
#[derive(Clone, Copy)]
pub(super) struct Object<'d> {
    pub document: &'d Document<'d>,
    node: &'d ast::Object<'d>,
    /// The member that holds it; none holds the root.
    holder: Option<&'d ObjectProp<'d>>,
}

/// A comma or a remark between the members of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub kind: PieceKind,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    Comma,
    /// Ends with its line.
    LineRemark,
    BlockRemark,
}

impl<'a> Document<'a> {
    /// Reads a text without a byte order mark.
    pub(super) fn parse(text: &'a str) -> Result<Self, Fault> {
        let collect =
            CollectOptions { comments: CommentCollectionStrategy::AsTokens, tokens: true };
        let parsed = parse_to_ast(text, &collect, &OPTIONS).map_err(|error| {
            let what = error.kind().to_string();
            Fault { line: error.line_display(), column: error.column_display(), what }
        })?;
        let tokens = parsed.tokens.unwrap_or_default();
        let value = match parsed.value {
            Some(_) => strict(text, &tokens)?,
            None => Value::Null,
        };
        Ok(Self { text, value, root: parsed.value, tokens })
    }

    /// The object that is the whole document; `None` if there is nothing but remarks.
    pub(super) fn root(&self) -> Result<Option<Object<'_>>, Fault> {
        match &self.root {
            None => Ok(None),
            Some(ast::Value::Object(node)) => {
                Ok(Some(Object { document: self, node, holder: None }))
            }
            Some(other) => Err(Fault::at(self.text, other.start(), "expected an object")),
        }
    }

    /// A piece of the text; nothing, if it is none.
    pub(super) fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// How the text breaks lines.
    pub(super) fn newline(&self) -> &'static str {
        match self.text.find(['\n', '\r']).map(|at| self.text.split_at(at).1) {
            Some(rest) if rest.starts_with("\r\n") => "\r\n",
            Some(rest) if rest.starts_with('\r') => "\r",
            _ => "\n",
        }
    }

    /// Where the line begins in which a byte is.
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.slice(0, at).rfind(['\n', '\r']).map_or(0, |line_break| line_break + 1)
    }

    /// The blanks at the beginning of a line.
    pub(super) fn indent(&self, line_start: usize) -> &str {
        let line = self.slice(line_start, self.text.len());
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        self.slice(line_start, line_start + blanks)
    }

    /// By how much a member is further in than the object around it.
    pub(super) fn unit(&self) -> &str {
        let members = self.root().ok().flatten().map(|root| root.members()).unwrap_or_default();
        let deep = members.iter().find_map(|member| {
            let line = self.line_start(member.start());
            let indent = self.indent(line);
            (line > 0 && line + indent.len() == member.start()).then_some(indent)
        });
        deep.filter(|indent| !indent.is_empty()).unwrap_or("  ")
    }
}

impl<'d> Object<'d> {
    /// The first byte.
    pub(super) fn start(&self) -> usize {
        self.node.start()
    }

    /// The byte behind the last.
    pub(super) fn end(&self) -> usize {
        self.node.end()
    }

    pub(super) fn members(&self) -> &'d [ObjectProp<'d>] {
        &self.node.properties
    }

    pub(super) fn holder(&self) -> Option<&'d ObjectProp<'d>> {
        self.holder
    }

    /// The member of this name that counts: the last.
    pub(super) fn member(&self, name: &str) -> Option<&'d ObjectProp<'d>> {
        self.named(name).last()
    }

    /// All members of this name.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &'d ObjectProp<'d>> {
        self.node.properties.iter().filter(move |member| member.name.as_str() == name)
    }

    /// The object that a member holds.
    pub(super) fn within(&self, member: &'d ObjectProp<'d>) -> Result<Object<'d>, Fault> {
        match &member.value {
            ast::Value::Object(node) => {
                Ok(Object { document: self.document, node, holder: Some(member) })
            }
            other => {
                let what = format!("`{}` is not an object", member.name.as_str());
                Err(Fault::at(self.document.text, other.start(), what))
            }
        }
    }

    /// What is between the members, in order.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let tokens = self.document.tokens.iter();
        let inside =
            tokens.filter(|token| self.start() < token.start() && token.end() < self.end());
        let mut members = self.members().iter().peekable();
        let mut pieces = Vec::new();
        for token in inside {
            while members.next_if(|member| member.end() <= token.start()).is_some() {}
            if members.peek().is_some_and(|member| member.start() <= token.start()) {
                continue;
            }
            let kind = match token.token {
                Token::Comma => PieceKind::Comma,
                Token::CommentLine(_) => PieceKind::LineRemark,
                Token::CommentBlock(_) => PieceKind::BlockRemark,
                _ => continue,
            };
            pieces.push(Piece { kind, start: token.start(), end: token.end() });
        }
        pieces
    }

    /// Whether there is a line break between its members, or around them.
    pub(super) fn many_lines(&self) -> bool {
        let mut at = self.start();
        for member in self.members() {
            if has_break(self.document.slice(at, member.start())) {
                return true;
            }
            at = member.end();
        }
        has_break(self.document.slice(at, self.end()))
    }
}

pub(super) fn has_break(text: &str) -> bool {
    text.contains(['\n', '\r'])
}

/// What the text says if every remark, and every comma that nothing follows, is a blank: the parser
/// lets more pass than JSON does.
fn strict(text: &str, tokens: &[TokenAndRange<'_>]) -> Result<Value, Fault> {
    let mut bytes = text.as_bytes().to_vec();
    let mut blank = |token: &TokenAndRange<'_>| {
        for byte in bytes.get_mut(token.start()..token.end()).into_iter().flatten() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    };
    let is_remark =
        |token: &Token<'_>| matches!(token, Token::CommentLine(_) | Token::CommentBlock(_));
    let mut last_comma = None;
    for token in tokens {
        match token.token {
            _ if is_remark(&token.token) => blank(token),
            Token::Comma => last_comma = Some(token),
            Token::CloseBrace | Token::CloseBracket => {
                last_comma.take().into_iter().for_each(&mut blank);
            }
            _ => last_comma = None,
        }
    }
    serde_json::from_slice(&bytes).map_err(|error| fault(text, &error))
}

/// What in a text is no JSON.
pub(super) fn fault_of_json(text: &str) -> Option<Fault> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).err().map(|error| fault(text, &error))
}

fn fault(text: &str, error: &serde_json::Error) -> Fault {
    // The place is told apart from the rest.
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let at = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
    Fault::at(text, at, what)
}
