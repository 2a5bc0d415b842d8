//! What Korean pages, documents and pictures say is Korean, but for names.

use chainrule_explain::{
    Explanation, Language, Request, View, Worksheet, explain, functions, values,
};

const CASES: [(&str, &str, Option<f64>); 5] = [
    ("x * m * t", "x=100,m=2,t=1.1", Some(219.0)),
    ("사과 * 개수", "사과=100,개수=2", Some(-150.0)),
    ("Y = X @ W + B; L = cross_entropy(Y, 1)", "X=[[1,2]],W=[[0.1,0.2],[0.3,0.4]],B=[0,0]", None),
    ("mean(sigmoid(X) * relu(X) @ transpose(X)) + sqrt(y)", "X=[[1,-2],[30,4]],y=0", None),
    ("relu(x) + select(x > 0, x, ln(x)) + gelu(x) / max(x, 1)", "x=-1", Some(1.0)),
];

fn explained(expression: &str, at: &str, target: Option<f64>) -> Explanation {
    let request = Request {
        expression: expression.into(),
        values: values(at).unwrap(),
        target,
        sweep: at.starts_with("x=").then(|| "x=-1:1:5".parse().unwrap()),
        language: Language::Korean,
        ..Request::default()
    };
    explain(&request).unwrap()
}

/// What is read of a page or a picture: texts, and attributes that are shown or read aloud.
fn read(xml: &str) -> String {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(xml, options).unwrap();
    let mut out = String::new();
    for node in document.descendants() {
        let shown = ["title", "aria-label", "alt"].map(|name| node.attribute(name));
        shown.into_iter().flatten().for_each(|text| out += &format!("{text}\n"));
        let unread =
            |above: roxmltree::Node<'_, '_>| matches!(above.tag_name().name(), "style" | "script");
        let unread = node.ancestors().any(unread);
        if let Some(text) = node.text().filter(|_| node.is_text() && !unread) {
            out += &format!("{text}\n");
        }
        if node.attribute("id") == Some("data") {
            told(&serde_json::from_str(node.text().unwrap()).unwrap(), &mut out);
        }
    }
    out
}

/// What a page's data says: its texts but for words between programs.
fn told(data: &serde_json::Value, out: &mut String) {
    const OF_PROGRAMS: [&str; 8] =
        ["kind", "key", "role", "direction", "op", "language", "scope", "fold"];
    match data {
        serde_json::Value::String(text) => {
            let symbols = text.starts_with('<');
            *out +=
                &if symbols { read(&format!("<div>{text}</div>")) } else { format!("{text}\n") };
        }
        serde_json::Value::Array(parts) => parts.iter().for_each(|part| told(part, out)),
        serde_json::Value::Object(parts) => {
            let said = parts.iter().filter(|(name, _)| !OF_PROGRAMS.contains(&name.as_str()));
            said.for_each(|(_, part)| told(part, out));
        }
        _ => {}
    }
}

/// A document's text without commands.
fn without_commands(document: &str) -> String {
    let body = document.split_once("\\begin{document}").unwrap().1.replace(r"\_", "_");
    let mut out = String::new();
    for (at, part) in body.split('\\').enumerate() {
        let command = part.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(part.len());
        let rest = if at == 0 { part } else { &part[command..] };
        let is_environment = at > 0 && matches!(&part[..command], "begin" | "end");
        out +=
            if is_environment { rest.split_once('}').map_or("", |(_, rest)| rest) } else { rest };
        out.push(' ');
    }
    out
}

/// The words in Latin letters that are no names of values, operations or functions.
fn left_over(e: &Explanation, text: &str) -> Vec<String> {
    let glyphs =
        e.nodes.iter().filter_map(|node| node.source.op()).flat_map(|op| op.glyph().split(' '));
    let names: Vec<&str> = (e.nodes.iter())
        .flat_map(|node| [node.source.name(), node.label.as_str()])
        .chain(functions().iter().map(|function| function.name))
        .chain(glyphs)
        .collect();
    let is_name = |word: &str| {
        let differential = word.strip_prefix('d').unwrap_or(word);
        word.len() < 2 || names.contains(&word) || names.contains(&differential)
    };
    let words =
        text.split(|c: char| !c.is_ascii_alphabetic() && c != '_').map(|w| w.trim_matches('_'));
    // And how functions are called.
    let known = ["NaN", "nan", "inf", "dL", "df", "axis", "keepdims"];
    let mut left: Vec<String> =
        words.filter(|word| !is_name(word) && !known.contains(word)).map(Into::into).collect();
    left.sort();
    left.dedup();
    left
}

#[test]
fn nothing_is_left_in_english_on_worksheets() {
    for topic in ["chain-rule", "sigmoid", "softmax", "matrix"].map(|name| name.parse().unwrap()) {
        for answers in [false, true] {
            let sheet = Worksheet::on(topic, 0, 5, answers, Language::Korean).unwrap();
            // Without the expression and commands of a document's own.
            let latex = without_commands(&sheet.to_latex());
            for text in [sheet.to_text(), read(&sheet.to_html()), latex] {
                let words = text.split(|c: char| !c.is_ascii_alphabetic());
                let known =
                    ["sum", "sigmoid", "softmax", "cross", "entropy", "with", "loss", "add", "mul"];
                let known = |word: &&str| {
                    known.contains(word)
                        || ["pow", "sub", "matmul", "ln", "smallskip"].contains(word)
                };
                let left: Vec<&str> = words.filter(|word| word.len() > 3 && !known(word)).collect();
                assert!(left.is_empty(), "{topic}: {left:?}\n{text}");
            }
        }
    }
}

#[test]
fn nothing_is_left_in_english() {
    for (expression, at, target) in CASES {
        let e = explained(expression, at, target);
        let (page, picture) = (e.to_html(View::default()), e.to_svg(View::default()));
        for (format, text) in [
            ("html", read(&page)),
            ("svg", read(&picture)),
            ("latex", without_commands(&e.to_latex())),
        ] {
            assert!(text.chars().any(|c| ('가'..='힣').contains(&c)), "{format}: {text}");
            let left = left_over(&e, &text);
            assert!(left.is_empty(), "{expression} as {format}: {left:?}\n{text}");
        }
    }
}
