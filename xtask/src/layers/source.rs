//! A module's source, read as far as layers and counts need it: the modules in it, in their order, and
//! what it names. Tests and documentation are left out.
//!
//! Tokens are enough for that, and also reach what stands inside macros, which a parser of items leaves
//! unread.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What one module says.
#[derive(Default)]
pub struct Module {
    /// The modules in it, in the order of their `mod` lines, with their text where it stands there.
    pub parts: Vec<(String, Option<TokenStream>)>,
    /// Every path that it names.
    pub uses: Vec<Use>,
    /// What it defines, as far as it stands in the text and is not made by a macro.
    pub defined: BTreeSet<String>,
}

/// A path that begins with `crate`, `self` or `super`, or an import, which may begin with anything.
pub struct Use {
    /// Its segments.
    pub path: Vec<String>,
    /// The name by which an import of the module itself makes it known; `*` for all its names.
    pub alias: Option<String>,
    /// The line where it begins.
    pub line: usize,
}

impl Module {
    /// Reads the tokens of a module.
    pub fn read(tokens: TokenStream) -> Self {
        let mut module = Self::default();
        module.walk(tokens, true);
        module
    }

    /// Whether a module of this name is inside.
    pub fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|(part, _)| part == name)
    }

    /// Goes over the module's own items (`outermost`), or over what stands within their braces.
    fn walk(&mut self, tokens: TokenStream, outermost: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at += match attribute(&tokens[at..]) {
                Some(Attribute { length, test: true, .. }) => {
                    length + item_length(&tokens[at + length..])
                }
                Some(Attribute { length, .. }) => length,
                None => self.step(&tokens, at, outermost),
            };
        }
    }

    /// Reads what begins at a token, and returns of how many tokens it was.
    fn step(&mut self, tokens: &[TokenTree], at: usize, outermost: bool) -> usize {
        if let TokenTree::Group(group) = &tokens[at] {
            self.walk(group.stream(), false);
            return 1;
        }
        let Some(word) = word(&tokens[at]) else { return 1 };
        let next = tokens.get(at + 1).and_then(self::word);
        match (word.as_str(), next) {
            ("mod", Some(name)) if outermost => self.inner_module(name, tokens.get(at + 2)),
            ("use", Some(_)) => self.imports(tokens, at, outermost),
            (
                "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static",
                Some(name),
            ) if outermost => {
                self.defined.insert(name);
                1
            }
            _ => self.path(tokens, at, word),
        }
    }

    fn inner_module(&mut self, name: String, body: Option<&TokenTree>) -> usize {
        let text = match body {
            Some(TokenTree::Group(group)) => Some(group.stream()),
            _ => None,
        };
        self.parts.push((name, text));
        3
    }

    /// `use a::{b, c as d};`
    fn imports(&mut self, tokens: &[TokenTree], at: usize, outermost: bool) -> usize {
        let length = tokens[at..].iter().take_while(|token| !is(token, ';')).count();
        leaves(&tokens[at + 1..at + length], &[], &mut |path, alias, line| {
            let alias = outermost.then_some(alias);
            self.uses.push(Use { path, alias, line });
        });
        length
    }

    /// `super::a::b`, or a single token that is nothing of interest.
    fn path(&mut self, tokens: &[TokenTree], at: usize, first: String) -> usize {
        if !matches!(first.as_str(), "crate" | "super" | "self") {
            return 1;
        }
        let (mut path, mut length) = (vec![first], 1);
        while let Some(name) = joined(&tokens[at + length..]) {
            path.push(name);
            length += 3;
        }
        if path.len() > 1 {
            let line = line(&tokens[at]);
            self.uses.push(Use { path, alias: None, line });
        }
        length
    }
}

/// How many lines hold code.
pub fn code_lines(tokens: TokenStream) -> usize {
    let mut lines = BTreeSet::new();
    each_token(tokens, &mut |token| match token {
        TokenTree::Group(group) => {
            lines.extend([group.span_open().start().line, group.span_close().end().line]);
        }
        token => lines.extend(token.span().start().line..=token.span().end().line),
    });
    lines.len()
}

/// Every literal, as it is written.
pub fn literals(tokens: TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_token(tokens, &mut |token| {
        if let TokenTree::Literal(literal) = token {
            found.insert(literal.to_string());
        }
    });
    found
}

/// Tells every token, a group before what is in it.
fn each_token(tokens: TokenStream, tell: &mut impl FnMut(&TokenTree)) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let Some(Attribute { length, test, documentation }) = attribute(&tokens[at..])
            && (test || documentation)
        {
            at += length;
            at += if test { item_length(&tokens[at..]) } else { 0 };
            continue;
        }
        tell(&tokens[at]);
        if let TokenTree::Group(group) = &tokens[at] {
            each_token(group.stream(), tell);
        }
        at += 1;
    }
}

struct Attribute {
    length: usize,
    /// What it belongs to is compiled for tests alone.
    test: bool,
    documentation: bool,
}

/// The attribute that tokens begin with: `#[…]`, `#![…]` or a comment of documentation.
fn attribute(tokens: &[TokenTree]) -> Option<Attribute> {
    let bang = usize::from(matches!(tokens, [_, bang, ..] if is(bang, '!')));
    let TokenTree::Group(group) = tokens.get(1 + bang)? else { return None };
    if !is(&tokens[0], '#') || group.delimiter() != Delimiter::Bracket {
        return None;
    }
    let words: Vec<TokenTree> = group.stream().into_iter().collect();
    let first = words.first().and_then(word).unwrap_or_default();
    let test = match (first.as_str(), words.get(1)) {
        ("test", None) => true,
        ("cfg", Some(TokenTree::Group(condition))) => needs_test(condition.stream()),
        _ => false,
    };
    Some(Attribute { length: 2 + bang, test, documentation: first == "doc" })
}

/// Whether a condition holds in tests alone: `test`, or `all(test, …)`.
fn needs_test(condition: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = condition.into_iter().collect();
    match (tokens.first().and_then(word).as_deref(), tokens.get(1)) {
        (Some("test"), None) => true,
        (Some("all"), Some(TokenTree::Group(group))) => {
            let parts: Vec<TokenTree> = group.stream().into_iter().collect();
            parts
                .split(|token| is(token, ','))
                .any(|part| needs_test(part.iter().cloned().collect()))
        }
        _ => false,
    }
}

/// Of how many tokens the item is: up to its braces, or to a semicolon.
fn item_length(tokens: &[TokenTree]) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is(token, ';'),
    };
    tokens.iter().position(ends).map_or(tokens.len(), |end| end + 1)
}

/// Tells every leaf of a tree of imports: path, name and line.
fn leaves(
    tokens: &[TokenTree],
    before: &[String],
    tell: &mut impl FnMut(Vec<String>, String, usize),
) {
    for branch in tokens.split(|token| is(token, ',')) {
        let mut path = before.to_vec();
        let mut alias = None;
        let mut at = 0;
        while let Some(token) = branch.get(at) {
            match (token, word(token)) {
                (TokenTree::Group(group), _) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    leaves(&inner, &path, tell);
                    path.clear();
                }
                (_, Some(name)) if name == "as" => {
                    alias = branch.get(at + 1).and_then(word);
                    at += 1;
                }
                // `a::{self}` is `a`.
                (_, Some(name)) if name == "self" && !path.is_empty() => {}
                (_, Some(name)) => path.push(name),
                (token, None) if is(token, '*') => alias = Some("*".to_owned()),
                _ => {}
            }
            at += 1;
        }
        if let (Some(first), Some(last)) = (branch.first(), path.last().cloned()) {
            tell(path, alias.unwrap_or(last), line(first));
        }
    }
}

/// The name behind `::`.
fn joined(tokens: &[TokenTree]) -> Option<String> {
    match tokens {
        [first, second, name, ..] if is(first, ':') && is(second, ':') => word(name),
        _ => None,
    }
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

fn is(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == sign)
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}
