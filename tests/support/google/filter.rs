//! Filters of lists: `user_labels.KEY="V" AND display_name="..."`, as Monitoring and Compute Engine take them.

use serde_json::Value;

use super::failure::Failure;

/// Those of `values` that the filter, if any, lets through; it may name only `fields` (all if empty).
pub fn chosen(
    values: Vec<Value>,
    filter: Option<&str>,
    fields: &[&str],
) -> Result<Vec<Value>, Failure> {
    let Some(text) = filter.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(values);
    };
    let mut reader = Reader { rest: text, fields };
    let filter = reader.any()?;
    if !reader.rest.is_empty() {
        return Err(reader.refused());
    }
    Ok(values.into_iter().filter(|value| filter.matches(value)).collect())
}

enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Test { path: Vec<String>, operator: &'static str, wanted: String },
}

impl Filter {
    fn matches(&self, value: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(value)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(value)),
            Self::Not(part) => !part.matches(value),
            Self::Test { path, operator, wanted } => {
                let found = at(value, path).map(text);
                match *operator {
                    "=" => found.unwrap_or_default() == *wanted,
                    "!=" => found.unwrap_or_default() != *wanted,
                    ":" if wanted == "*" => found.is_some(),
                    "starts_with" => found.is_some_and(|text| text.starts_with(wanted)),
                    "ends_with" => found.is_some_and(|text| text.ends_with(wanted)),
                    _ => found.is_some_and(|text| text.contains(wanted)),
                }
            }
        }
    }
}

fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    let mut value = value;
    for name in path {
        value = value.get(name).or_else(|| value.get(camel(name)))?;
    }
    Some(value)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}

struct Reader<'a> {
    rest: &'a str,
    fields: &'a [&'a str],
}

impl Reader<'_> {
    fn refused(&self) -> Failure {
        Failure::invalid(&format!("The filter cannot be parsed at \"{}\".", self.rest))
    }

    fn any(&mut self) -> Result<Filter, Failure> {
        let mut parts = vec![self.all()?];
        while self.word("OR") {
            parts.push(self.all()?);
        }
        Ok(Filter::Any(parts))
    }

    fn all(&mut self) -> Result<Filter, Failure> {
        let mut parts = vec![self.one()?];
        loop {
            self.rest = self.rest.trim_start();
            let end = self.rest.is_empty() || self.rest.starts_with([')']);
            if end || self.rest.starts_with("OR ") {
                return Ok(Filter::All(parts));
            }
            self.word("AND");
            parts.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<Filter, Failure> {
        if self.word("NOT") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.sign("(") {
            let inner = self.any()?;
            return if self.sign(")") { Ok(inner) } else { Err(self.refused()) };
        }
        let path = self.path()?;
        let operator = self.operator()?;
        self.rest = self.rest.trim_start();
        if self.rest.starts_with(['"', '\'']) {
            let wanted = self.quoted()?;
            return Ok(Filter::Test { path, operator, wanted });
        }
        let word = self.take(|letter| !letter.is_whitespace() && !"()".contains(letter));
        if word.is_empty() {
            return Err(self.refused());
        }
        if !self.rest.starts_with('(') {
            return Ok(Filter::Test { path, operator, wanted: word });
        }
        self.sign("(");
        let function = ["starts_with", "ends_with", "has_substring"]
            .into_iter()
            .find(|name| *name == word)
            .ok_or_else(|| self.refused())?;
        let wanted = self.quoted()?;
        if !self.sign(")") {
            return Err(self.refused());
        }
        Ok(Filter::Test { path, operator: function, wanted })
    }

    fn operator(&mut self) -> Result<&'static str, Failure> {
        for (sign, operator) in [("!=", "!="), ("=", "="), (":", ":")] {
            if self.sign(sign) {
                return Ok(operator);
            }
        }
        match (self.word("eq"), self.word("ne")) {
            (true, _) => Ok("="),
            (_, true) => Ok("!="),
            _ => Err(self.refused()),
        }
    }

    fn path(&mut self) -> Result<Vec<String>, Failure> {
        self.rest = self.rest.trim_start();
        let mut path = Vec::new();
        loop {
            let name = if self.rest.starts_with(['"', '\'']) {
                self.quoted()?
            } else {
                self.take(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
            };
            if name.is_empty() {
                return Err(self.refused());
            }
            path.push(name);
            match self.rest.strip_prefix('.') {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        let field = path.first().map(|name| camel(name)).unwrap_or_default();
        if !self.fields.is_empty() && !self.fields.contains(&field.as_str()) {
            return Err(Failure::invalid(&format!("The filter names an unknown field: {field}.")));
        }
        Ok(path)
    }

    fn quoted(&mut self) -> Result<String, Failure> {
        let mut letters = self.rest.chars();
        let quote = letters.next().filter(|letter| "\"'".contains(*letter));
        let quote = quote.ok_or_else(|| self.refused())?;
        let mut text = String::new();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => text.extend(letters.next()),
                end if end == quote => {
                    self.rest = letters.as_str();
                    return Ok(text);
                }
                other => text.push(other),
            }
        }
        Err(self.refused())
    }

    fn take(&mut self, of: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|letter| !of(letter)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken.to_owned()
    }

    fn sign(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        rest.inspect(|rest| self.rest = rest).is_some()
    }

    /// A word of the language: one that does not only begin like it.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(word);
        let rest = rest.filter(|rest| rest.starts_with([' ', '(']));
        rest.inspect(|rest| self.rest = rest).is_some()
    }
}
