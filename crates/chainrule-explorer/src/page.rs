//! The page's files, which the program carries.

/// A file of the page.
pub struct File {
    /// Its kind, as browsers know it.
    pub media: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// What the page begins with: an empty place that the script fills.
pub static INDEX: File =
    File { media: "text/html; charset=utf-8", text: include_str!("page/index.html") };

/// What draws it.
pub static SCRIPT: File =
    File { media: "text/javascript; charset=utf-8", text: chainrule_explain::PAGE_SCRIPT };

/// How it looks.
pub static STYLE: File =
    File { media: "text/css; charset=utf-8", text: chainrule_explain::PAGE_STYLE };

/// Its picture among a browser's tabs.
pub static ICON: File = File { media: "image/svg+xml", text: include_str!("page/icon.svg") };
