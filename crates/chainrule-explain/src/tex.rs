//! Names and words in LaTeX: Greek letters as its commands, other scripts in a font that has them.

/// The Greek letters with their commands; those that look like Latin ones are Latin ones in LaTeX.
const GREEK: &str = "α alpha β beta γ gamma δ delta ε varepsilon ϵ epsilon ζ zeta η eta θ theta ϑ vartheta ι iota \
    κ kappa λ lambda μ mu µ mu ν nu ξ xi π pi ρ rho σ sigma ς varsigma τ tau υ upsilon φ varphi ϕ phi χ chi ψ psi \
    ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Υ Upsilon Φ Phi Ψ Psi Ω Omega";
const LATIN: &str = "ο o Α A Β B Ε E Ζ Z Η H Ι I Κ K Μ M Ν N Ο O Ρ P Τ T Χ X";

/// Signs in words, with what they are in math mode.
const SIGNS: &str = r"ᵀ ^{\mathsf{T}} · \cdot ⊙ \odot − - ‖ \Vert × \times ² ^2 ½ \tfrac12 √ \surd ∂ \partial ∇ \nabla \
    → \to ← \gets ≤ \le ≥ \ge ≠ \ne | |";

/// The command by which a document sets letters that LaTeX's own fonts lack.
const OTHER: &str = r"\otherscript";

/// The head of a document, whose letters beyond Latin and Greek need XeLaTeX or LuaLaTeX and one of these fonts.
pub(super) const OTHER_SCRIPT: &str = r"\ifpdftex
  \newcommand{\otherscript}[1]{\PackageError{document}{Letters beyond Latin and Greek: compile this with lualatex or
    xelatex}{}}
\else
  \IfFontExistsTF{Noto Serif CJK KR}{\newcommand{\otherscriptname}{Noto Serif CJK KR}}{
  \IfFontExistsTF{NanumMyeongjo}{\newcommand{\otherscriptname}{NanumMyeongjo}}{
  \IfFontExistsTF{Noto Sans CJK KR}{\newcommand{\otherscriptname}{Noto Sans CJK KR}}{
  \IfFontExistsTF{NanumGothic}{\newcommand{\otherscriptname}{NanumGothic}}{
  \newcommand{\otherscriptname}{DejaVu Sans}}}}}
  \newfontfamily{\otherscriptfont}{\otherscriptname}
  \newcommand{\otherscript}[1]{{\otherscriptfont #1}}
\fi
";

/// Whether a document has letters that need such a font.
pub(super) fn has_other(document: &str) -> bool {
    document.contains(OTHER)
}

/// What a character is in a list of characters, each with what it stands for.
fn listed(list: &'static str, c: char) -> Option<&'static str> {
    let mut words = list.split_whitespace();
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        if key.chars().eq([c]) {
            return Some(value);
        }
    }
    None
}

/// Whether a command of LaTeX is a Greek letter.
pub(super) fn is_greek_command(name: &str) -> bool {
    GREEK.split_whitespace().any(|known| known == name)
}

fn greek(c: char) -> Option<String> {
    let command = listed(GREEK, c).map(|name| format!(r"\{name}"));
    command.or_else(|| listed(LATIN, c).map(Into::into))
}

/// A name in math mode: one letter in italics, more upright; digits that stand low as such.
pub(super) fn name(name: &str) -> String {
    let letters = name.trim_end_matches(is_low);
    let low: String = name[letters.len()..].chars().filter_map(low_digit).collect();
    let base = match letters.chars().count() {
        _ if letters.chars().any(|c| !c.is_ascii() && greek(c).is_none()) => {
            format!(r"\text{{{}}}", text(letters))
        }
        1 => symbols(letters, |run| run.into()),
        _ => symbols(letters, |run| format!(r"\mathrm{{{run}}}")),
    };
    if low.is_empty() { base } else { format!("{base}_{{{low}}}") }
}

/// Greek letters by their commands, which `\mathrm` has none of, and the runs of letters between them.
fn symbols(letters: &str, write: impl Fn(&str) -> String) -> String {
    let (mut parts, mut run) = (Vec::new(), String::new());
    let finish = |run: &mut String, parts: &mut Vec<String>| {
        if !run.is_empty() {
            parts.push(write(&std::mem::take(run).replace('_', r"\_")));
        }
    };
    for c in letters.chars() {
        match greek(c) {
            Some(command) => {
                finish(&mut run, &mut parts);
                parts.push(command);
            }
            None => run.push(c),
        }
    }
    finish(&mut run, &mut parts);
    match parts.as_slice() {
        [one] => one.clone(),
        parts => format!("{{{}}}", parts.join(" ")),
    }
}

/// A letter with a number that stands low.
pub(super) fn numbered(letter: &str, number: usize) -> String {
    let low = |c: char| c.to_digit(10).and_then(|digit| char::from_u32('₀' as u32 + digit));
    format!("{letter}{}", number.to_string().chars().filter_map(low).collect::<String>())
}

fn is_low(c: char) -> bool {
    low_digit(c).is_some()
}

fn low_digit(c: char) -> Option<char> {
    char::from_digit((c as u32).checked_sub('₀' as u32)?, 10)
}

/// Words outside math mode, their signs and Greek letters in math mode.
pub(super) fn text(text: &str) -> String {
    let (mut out, mut other) = (String::new(), String::new());
    for c in text.chars() {
        let is_latin = c.is_ascii() || matches!(c, 'À'..='ž' | '…' | '–' | '—' | '‘'..='”');
        let math = greek(c).or_else(|| listed(SIGNS, c).map(Into::into));
        if !is_latin && math.is_none() {
            other.push(c);
            continue;
        }
        finish(&mut out, &mut other);
        match (c, math) {
            (_, Some(math)) => out += &format!("${math}$"),
            ('_' | '%' | '&' | '#' | '$' | '{' | '}', _) => out.extend(['\\', c]),
            ('\\', _) => out += r"\textbackslash{}",
            ('^', _) => out += r"\textasciicircum{}",
            ('~', _) => out += r"\textasciitilde{}",
            ('<' | '>', _) => out += &format!("${c}$"),
            (c, _) => out.push(c),
        }
    }
    finish(&mut out, &mut other);
    out
}

/// Puts letters of another script behind a text.
fn finish(out: &mut String, other: &mut String) {
    if !other.is_empty() {
        *out += &format!("{OTHER}{{{}}}", std::mem::take(other));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_that_latex_has() {
        for (given, written) in [
            ("x", "x"),
            ("rate", r"\mathrm{rate}"),
            ("h_1", r"\mathrm{h\_1}"),
            ("α", r"\alpha"),
            ("Δx", r"{\Delta \mathrm{x}}"),
            ("x₁₂", "x_{12}"),
            ("Α", "A"),
            ("사과", r"\text{\otherscript{사과}}"),
            ("사과_α", r"\text{\otherscript{사과}\_$\alpha$}"),
            ("é", r"\text{é}"),
        ] {
            assert_eq!(name(given), written);
        }
    }

    #[test]
    fn words_keep_their_signs() {
        assert_eq!(text("50 % of Xᵀ·dY"), r"50 \% of X$^{\mathsf{T}}$$\cdot$dY");
        assert_eq!(text("열 합, Σt"), r"\otherscript{열} \otherscript{합}, $\Sigma$t");
    }
}
