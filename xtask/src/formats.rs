//! Every format of `explain`, read by its own tool; a tool that is not installed is skipped aloud. Pages are opened by
//! `page`.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::report::Report;
use super::{installed, program, root, run};

/// Computations with every kind of gate: expression, values, target.
const CASES: &[(&str, &str, Option<&str>)] = &[
    ("x * m * t", "x=100,m=2,t=1.1", Some("219")),
    (
        "h_1 = x * w + b; h_1 * h_1 - x / h_1 + max(exp(x), 3) + (x > 2) + sqrt(x) + x ^ -2.5 + 1e-9 * x",
        "x=2,w=-0.5,b=0.3",
        Some("2"),
    ),
    ("Y = X @ W + B; L = cross_entropy(Y, 1)", "X=[[1,2]],W=[[0.1,0.2],[0.3,0.4]],B=[0,0]", None),
    (
        "Y = W @ x; h = relu(Y); cross_entropy(V @ h + h + b, t)",
        "W=[[1,2],[3,4]],x=[0.1,0.2],V=[[1,2],[-1,0.5]],b=[0,1],t=1",
        None,
    ),
    (
        "a = relu(x * w1 + b1); b = relu(a * w2 + b2); c = relu(b * w3 + b3); relu(c * w4 + b4)",
        "x=1,w1=0.5,b1=0.1,w2=0.6,b2=0.2,w3=0.7,b3=0.3,w4=0.8,b4=0.4",
        Some("2"),
    ),
    (
        "S = X @ Q @ transpose(X @ K) / sqrt(2); A = softmax(S); Y = A @ X + X; mean(Y * Y)",
        "X=[[1,0.5],[0.2,-1],[0.3,0.7]],Q=[[1,0],[0.5,1]],K=[[0.3,1],[1,-0.2]]",
        None,
    ),
    ("sum(sigmoid(X) * relu(X) - erf(X)) + gelu(y) ^ 2 + softplus(y)", "X=[1,-2,30],y=0.7", None),
];

/// Documents with letters beyond ASCII: an expression, its values, its target and the words' language. The
/// last two need a TeX that reads fonts of the system.
const LETTERS: &[(&str, &str, Option<&str>, &str)] = &[
    ("α * β + Δx₁ ^ 2", "α=1,β=2,Δx₁=3", None, "en"),
    ("사과 * 개수 * 세율", "사과=100,개수=2,세율=1.1", Some("219"), "ko"),
    (
        "Y = X @ W + B; L = cross_entropy(Y, 1)",
        "X=[[1,2]],W=[[0.1,0.2],[0.3,0.4]],B=[0,0]",
        None,
        "ko",
    ),
];

/// What random exercises are about.
const TOPICS: [&str; 4] = ["chain-rule", "sigmoid", "softmax", "matrix"];

/// Writes every case in every format and has it read.
pub fn check(report: &mut Report) -> Result<()> {
    let program = program()?;
    let folder = root().join("target").join("xtask-formats");
    std::fs::create_dir_all(&folder)?;
    let (mut scripts, mut dots, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (expression, at, target)) in CASES.iter().enumerate() {
        for format in ["dot", "mermaid", "latex"] {
            let path = folder.join(format!("{number}.{format}"));
            let shown = path.to_string_lossy().into_owned();
            let mut command = Command::new(&program);
            command.args(["explain", expression, "--at", at, "--format", format]);
            command.args(["--output", &shown]);
            if let Some(target) = target {
                command.args(["--target", target]);
            }
            run(&mut command)?;
            match format {
                "dot" => dots.push(shown),
                "latex" => {
                    documents.push(shown.clone());
                    scripts.extend([format.to_owned(), shown]);
                }
                _ => scripts.extend([format.to_owned(), shown]),
            }
        }
    }
    for topic in TOPICS {
        documents.push(worksheet(&program, &folder, topic, "--exercise", "en")?);
    }
    if installed("dot", "-V") {
        for file in &dots {
            run(Command::new("dot").args(["-Tsvg", file, "-o", &format!("{file}.svg")]))?;
        }
    } else {
        report.skip("Graphviz", "`dot` is not installed")?;
    }
    tex(report, &program, &folder, &documents)?;
    npm(report, &folder, &scripts)
}

/// Compiles documents: no letter may be missing, and no line run off its page.
fn tex(report: &mut Report, program: &Path, folder: &Path, documents: &[String]) -> Result<()> {
    if !installed("pdflatex", "--version") {
        return report.skip("TeX", "`pdflatex` is not installed");
    }
    for file in documents {
        compile("pdflatex", folder, file)?;
    }
    let mut written = Vec::new();
    for (number, (expression, at, target, language)) in LETTERS.iter().enumerate() {
        let file = folder.join(format!("letters-{number}.tex")).to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command.args(["explain", expression, "--at", at, "--lang", language, "--format", "latex"]);
        command.args(target.iter().flat_map(|target| ["--target", *target]));
        run(command.args(["--output", &file]))?;
        written.push(file);
    }
    compile("pdflatex", folder, &written[0])?;
    for topic in TOPICS {
        written.push(worksheet(program, folder, topic, "--solution", "ko")?);
    }
    let has = |file: &str| installed("kpsewhich", file);
    let engines = [("lualatex", "luaotfload.sty"), ("xelatex", "fontspec.sty")];
    let engine = engines
        .iter()
        .find(|(engine, file)| installed(engine, "--version") && has("fontspec.sty") && has(file));
    let Some((engine, _)) = engine else {
        return report.skip("TeX with Hangul", "`lualatex` and `xelatex` lack their packages");
    };
    let fonts = Command::new("fc-list").arg(":lang=ko").output();
    if !fonts.is_ok_and(|output| !output.stdout.is_empty()) {
        return report.skip("TeX with Hangul", "no font has Hangul");
    }
    written.iter().try_for_each(|file| compile(engine, folder, file))
}

/// Writes random exercises as a document.
fn worksheet(
    program: &Path,
    folder: &Path,
    topic: &str,
    kind: &str,
    language: &str,
) -> Result<String> {
    let file = folder.join(format!("{topic}-{language}.tex")).to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command.args(["explain", "--topic", topic, kind, "--lang", language, "--count", "20"]);
    run(command.args(["--format", "latex", "--output", &file]))?;
    Ok(file)
}

fn compile(engine: &str, folder: &Path, file: &str) -> Result<()> {
    let mut command = Command::new(engine);
    command.args(["-interaction=batchmode", "-halt-on-error", "-output-directory"]);
    run(command.arg(folder).arg(file))?;
    let log = std::fs::read(Path::new(file).with_extension("log"))?;
    let log = String::from_utf8_lossy(&log);
    let wrong = |line: &&str| line.contains("Overfull") || line.starts_with("Missing character");
    match log.lines().find(wrong) {
        Some(line) => bail!("{engine} {file}: {line}"),
        None => Ok(()),
    }
}

/// Mermaid's parser, KaTeX and a run of the page's script.
fn npm(report: &mut Report, folder: &Path, scripts: &[String]) -> Result<()> {
    if !installed("node", "--version") || !installed("npm", "--version") {
        let what = "Mermaid, KaTeX and the page's script";
        return report.skip(what, "`node` and `npm` are not installed");
    }
    let source = root().join("xtask").join("formats");
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(source.join(file), folder.join(file))?;
    }
    let mut install = Command::new("npm");
    install.args(["ci", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(folder);
    run(&mut install)?;
    let script = source.join("formats.mjs");
    let mut command = Command::new("node");
    command.arg(script).args(scripts);
    super::run_in(&mut command, folder)
}
